package lint

import (
	"errors"

	"github.com/goccy/go-yaml/token"
)

// unreadable takes place and message out of the YAML parser's error, whose text is
// a picture of several lines.
func unreadable(file string, err error) Finding {
	f := Finding{Code: "config", Level: Error, File: file, Line: 1}
	f.Message, f.Fix = advise("not YAML: "+err.Error(), "")
	var syntax interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if errors.As(err, &syntax) {
		f.Message = "not YAML: " + syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
	}
	return f
}
