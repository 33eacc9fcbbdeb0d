package trace

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Content is the text of a message or result: a string, or an array of parts whose texts are joined by
// line ends. Parts of other kinds (images, calls) are left out. ok is false where there is no text at
// all, as opposed to an empty one.
func Content(raw []byte) (text []byte, ok bool) {
	switch Kind(raw) {
	case jscan.String:
		return Text(raw).Bytes(nil), true
	case jscan.Array:
		for e := range Elems(raw) {
			part, has := partText(e)
			if !has {
				continue
			}
			if ok {
				text = append(text, '\n')
			}
			text = append(text, part...)
			ok = true
		}
		return text, ok
	case jscan.Object:
		return partText(raw)
	}
	return nil, false
}

// partText is the text of one part.
func partText(raw []byte) ([]byte, bool) {
	if t := Text(raw); t.Present {
		return t.Bytes(nil), true
	}
	o := ObjectOf(raw)
	switch o.Str("type") {
	case "reasoning", "thinking", "redacted_thinking", "tool_use", "tool_call", "tool-call", "function_call":
		return nil, false
	}
	for _, name := range [...]string{"text", "content", "refusal", "value"} {
		if v := o.Raw(name); Kind(v) == jscan.String {
			return Text(v).Bytes(nil), true
		} else if Kind(v) == jscan.Array && name == "content" {
			return Content(v)
		}
	}
	return nil, false
}

// IsBlank reports whether a text shows nothing.
func IsBlank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

// Remote brings the address of a repository to host/owner/name in lower case, without credentials. What
// is no such address is nothing.
func Remote(address string) string {
	address = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(address), "/"), ".git")
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	} else if host, path, ok := strings.Cut(address, ":"); ok && !strings.Contains(host, "/") {
		address = host + "/" + path
	}
	if at := strings.LastIndexByte(address, '@'); at >= 0 && at < strings.IndexByte(address+"/", '/') {
		address = address[at+1:]
	}
	host, path, ok := strings.Cut(address, "/")
	if !ok || host == "" || path == "" || strings.ContainsAny(address, " \t") {
		return ""
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(host + "/" + path)
}
