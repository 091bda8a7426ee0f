package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
)

// addresses is @ipMatch: the value is an address in one of the networks. Coraza
// 3.8.1 skips what it cannot read in such a list, so a blocklist with a typo
// blocks less than it says. This operator matches as Coraza's does and refuses it.
type addresses []*net.IPNet

func newAddresses(options plugintypes.OperatorOptions) (plugintypes.Operator, error) {
	var list addresses
	if err := list.add(options.Arguments); err != nil {
		return nil, fmt.Errorf("@ipMatch: %w", err)
	}
	return list, nil
}

// newAddressFile reads a file with addresses or networks, one a line or several
// between commas; # begins a comment line.
func newAddressFile(options plugintypes.OperatorOptions) (plugintypes.Operator, error) {
	data, err := readBeside(options)
	if err != nil {
		return nil, fmt.Errorf("@ipMatchFromFile %s: %w", options.Arguments, err)
	}
	var list addresses
	lines := bufio.NewScanner(bytes.NewReader(data))
	n := 1
	for ; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "#") {
			continue
		}
		if err := list.add(line); err != nil {
			return nil, fmt.Errorf("@ipMatchFromFile %s:%d: %w", options.Arguments, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("@ipMatchFromFile %s:%d: %w", options.Arguments, n, err)
	}
	return list, nil
}

func (list *addresses) add(entries string) error {
	for entry := range strings.SplitSeq(entries, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		network := entry
		if !strings.Contains(entry, "/") {
			network += "/32"
			if strings.Contains(entry, ":") {
				network = entry + "/128"
			}
		}
		_, parsed, err := net.ParseCIDR(network)
		if err != nil {
			return fmt.Errorf("%q is neither an address nor a network such as 192.0.2.0/24", entry)
		}
		*list = append(*list, parsed)
	}
	return nil
}

// Evaluate is false for a value that is no address, which Contains tells by nil.
func (list addresses) Evaluate(_ plugintypes.TransactionState, value string) bool {
	address := net.ParseIP(value)
	for _, network := range list {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
