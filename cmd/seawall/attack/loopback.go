package attack

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// LookUp is net.Resolver's LookupNetIP.
type LookUp func(ctx context.Context, network, host string) ([]netip.Addr, error)

// Loopback returns the addresses of a URL's host if all of them are this machine's
// own; none where one is not. Only "localhost" is looked up: any other name is
// somebody else's word for an address.
func Loopback(ctx context.Context, host string, lookUp LookUp) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		if !isLoopback(address) {
			return nil, fmt.Errorf("%s is not this machine", host)
		}
		return []netip.Addr{address}, nil
	}
	if host != "localhost" {
		return nil, fmt.Errorf("%s is not this machine", host)
	}
	found, err := lookUp(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", host, err)
	}
	for _, address := range found {
		if !isLoopback(address) {
			return nil, fmt.Errorf("%s is %s here, which is not this machine", host, address)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no address here", host)
	}
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() }) // most servers listen on IPv4
	return found, nil
}

func isLoopback(address netip.Addr) bool { return address.Unmap().IsLoopback() }

type dialContext = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer connects to these addresses, in their order, and never looks the host up
// once more: by then its name might stand for another. None: to whatever it is.
func dialer(addresses []netip.Addr) dialContext {
	plain := &net.Dialer{Timeout: connectWithin}
	if len(addresses) == 0 {
		return plain.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		for _, ip := range addresses {
			var conn net.Conn
			if conn, err = plain.DialContext(ctx, network, net.JoinHostPort(ip.String(), port)); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}
