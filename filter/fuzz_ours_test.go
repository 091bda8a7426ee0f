package filter_test

// framed reports whether a body is gRPC so far, and whole if it has ended.
func framed(body []byte, ended bool) bool {
	for len(body) > 0 {
		if body[0] > 1 {
			return false
		}
		if len(body) < 5 {
			return !ended
		}
		n := uint64(body[1])<<24 | uint64(body[2])<<16 | uint64(body[3])<<8 | uint64(body[4])
		if uint64(len(body)-5) < n {
			return !ended
		}
		body = body[5+n:]
	}
	return true
}

// policyFor states the rule for the hosts that scripts send.
func (c *fuzzConfig) policyFor(authority string) (string, bool) {
	if !c.hosts {
		return "default", true
	}
	switch authority {
	case "a,b", "":
		return "", false
	case "Strict.Example.com.:80":
		return "strict", true
	}
	return "default", true
}
