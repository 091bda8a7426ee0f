package exchange

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

func (c *curl) addData(name, value string) error {
	c.contentType = "application/x-www-form-urlencoded"
	if name == "json" {
		c.json, c.contentType = true, "application/json"
	}
	file, isFile := strings.CutPrefix(value, "@")
	key := ""
	if name == "data-urlencode" {
		var equals bool
		key, value, equals = strings.Cut(value, "=")
		if !equals {
			key, value = "", key
			if n, f, at := strings.Cut(value, "@"); at {
				key, file, isFile = n, f, true
			}
		} else {
			isFile = false
		}
	}
	if isFile && name != "data-raw" {
		data, err := c.file("--"+name, file)
		if err != nil {
			return err
		}
		value = string(data)
		if name == "data" || name == "data-ascii" {
			value = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(value)
		}
	}
	if name == "data-urlencode" {
		value = url.QueryEscape(value)
		if key != "" {
			value = key + "=" + value
		}
	}
	if c.json && len(c.data) > 0 {
		c.data[len(c.data)-1] += value
		return nil
	}
	c.data = append(c.data, value)
	return nil
}

// file reads a file that an option names. Who pastes a line that others wrote need not
// have seen what it reads.
func (c *curl) file(option, name string) ([]byte, error) {
	if !c.files {
		return nil, fmt.Errorf("curl's %s names the file %s of this machine, which is not read unless you allow it with --read-files", option, name)
	}
	if name == "-" {
		return nil, fmt.Errorf("curl's %s reads stdin, which is not known here; write the data into the line", option)
	}
	data, err := rules.ReadRegular(name, c.room)
	if err != nil {
		return nil, fmt.Errorf("curl's %s: %w", option, err)
	}
	c.room -= int64(len(data))
	return data, nil
}
