package digest

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
	"github.com/cespare/xxhash/v2"
)

// Args hashes the arguments of a call. raw is a JSON value. hash covers tool name and all arguments,
// independent of the order of keys and of escapes; norm leaves out arguments without effect and folds
// white space in shell lines. Text that is no JSON is hashed as it is; no text has no hash.
//
// Objects are hashed as trees: each value once, then the pairs of names and hashes in the order of the
// names. So nothing is built or copied, whatever the size of a value.
func Args(tool string, raw []byte) (hash, norm schema.ID) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return 0, 0
	}
	var s jscan.Scanner
	s.Reset(raw)
	var all, some uint64
	switch s.Kind() {
	case jscan.Object:
		all, some = topObject(&s)
	default:
		all = value(&s)
		some = all
	}
	if s.End() != nil {
		all = xxhash.Sum64(raw)
		some = all
	}
	return withTool(tool, all), withTool(tool, some)
}

func withTool(tool string, v uint64) schema.ID {
	var h xxhash.Digest
	h.Reset()
	h.WriteString(tool)
	var b [9]byte
	binary.LittleEndian.PutUint64(b[1:], v)
	h.Write(b[:])
	return id(h.Sum64())
}

// A member is one name of an object and the hash of its value.
type member struct {
	name []byte
	all  uint64
	some uint64 // hash of the folded value
	skip bool   // without effect
}

// topObject hashes the object of arguments itself: only its own names can be without effect.
func topObject(s *jscan.Scanner) (all, some uint64) {
	var room [16]member
	ms := room[:0]
	for s.Object(); s.Key(); {
		m := member{name: s.Name}
		if isShellLine(m.name) {
			m.all, m.some = shellValue(s)
		} else {
			m.all = value(s)
			m.some = m.all
			m.skip = noEffect(m.name)
		}
		ms = insert(ms, m)
	}
	return join(ms, false), join(ms, true)
}

// noEffect names the arguments that change how a call is shown, bounded or allowed, not what it does.
func noEffect(name []byte) bool {
	switch string(name) {
	case "description", "justification", "explanation", "reason", "thought", "toolSummary", "toolAction",
		"timeout", "timeout_ms", "timeoutMs", "timeout_seconds", "timeout_sec", "block_until_ms", "requestSuggestedTimeout",
		"max_output_tokens", "max_output_chars", "yield_time_ms", "max_chars", "output_limit",
		"run_in_background", "isBackground", "is_background",
		"with_escalated_permissions", "sandbox_permissions", "prefix_rule", "required_permissions", "requires_approval",
		"dangerouslyDisableSandbox", "security_risk", "safeToAutoRun", "SafeToAutoRun", "login":
		return true
	}
	return false
}

// isShellLine names the arguments that hold a shell line.
func isShellLine(name []byte) bool {
	switch string(name) {
	case "command", "cmd", "script", "commandLine", "CommandLine", "command_line":
		return true
	}
	return false
}

// shellValue hashes a shell line as it is and with white space folded; it may be a list of words.
func shellValue(s *jscan.Scanner) (all, some uint64) {
	switch s.Kind() {
	case jscan.String:
		return bothHashes(s.Text())
	case jscan.Array:
		var a, n xxhash.Digest
		a.Reset()
		n.Reset()
		for s.Array(); s.Elem(); {
			x, y := uint64(0), uint64(0)
			if s.Kind() == jscan.String {
				x, y = bothHashes(s.Text())
			} else {
				x = value(s)
				y = x
			}
			put(&a, x)
			put(&n, y)
		}
		return seal(&a, '['), seal(&n, '[')
	}
	all = value(s)
	return all, all
}

// bothHashes hashes a text as it is and with white space folded.
func bothHashes(t jscan.Text) (all, some uint64) {
	var room [decodedAtOnce]byte
	if t.Escaped && len(t.Raw) <= len(room) {
		t = jscan.Text{Raw: jscan.Unquote(room[:0], t.Raw), Present: true}
	}
	return textHash(t, false), textHash(t, true)
}

// decodedAtOnce is the length up to which a text is decoded before it is hashed.
const decodedAtOnce = 1 << 10

// value hashes the next value whatever it is.
func value(s *jscan.Scanner) uint64 {
	switch s.Kind() {
	case jscan.Object:
		var room [16]member
		ms := room[:0]
		for s.Object(); s.Key(); {
			name := s.Name
			ms = insert(ms, member{name: name, all: value(s)})
		}
		return join(ms, false)
	case jscan.Array:
		var h xxhash.Digest
		h.Reset()
		for s.Array(); s.Elem(); {
			put(&h, value(s))
		}
		return seal(&h, '[')
	case jscan.String:
		return textHash(s.Text(), false)
	}
	return xxhash.Sum64(s.Raw())
}

// insert keeps the members sorted by name; those of equal name stay in the order of the log. Objects have
// few members, mostly in one order, so insertion is enough; join sorts the large ones.
func insert(ms []member, m member) []member {
	ms = append(ms, m)
	if len(ms) > few {
		return ms
	}
	i := len(ms) - 1
	for i > 0 && bytes.Compare(ms[i-1].name, m.name) > 0 {
		ms[i] = ms[i-1]
		i--
	}
	ms[i] = m
	return ms
}

// few is how many members are sorted by insertion.
const few = 64

func join(ms []member, norm bool) uint64 {
	var h xxhash.Digest
	h.Reset()
	if len(ms) > few {
		slices.SortStableFunc(ms, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	}
	for i := range ms {
		m := &ms[i]
		switch {
		case !norm:
			put(&h, xxhash.Sum64(m.name))
			put(&h, m.all)
		case !m.skip:
			put(&h, xxhash.Sum64(m.name))
			put(&h, m.some)
		}
	}
	return seal(&h, '{')
}

func put(h *xxhash.Digest, v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	h.Write(b[:])
}

// seal ends a hash with the kind of the value, so that [] and {} and "" differ.
func seal(h *xxhash.Digest, kind byte) uint64 {
	var b [1]byte
	b[0] = kind
	h.Write(b[:])
	return h.Sum64()
}

// textHash hashes a string as it reads, whatever its escapes. fold makes each run of white space one
// blank and drops it at both ends.
func textHash(t jscan.Text, fold bool) uint64 {
	var h xxhash.Digest
	h.Reset()
	raw := t.Raw
	if !fold {
		switch {
		case !t.Escaped:
			h.Write(raw)
		case len(raw) <= decodedAtOnce:
			var room [decodedAtOnce]byte
			h.Write(jscan.Unquote(room[:0], raw))
		default:
			unescapeInto(&h, raw)
		}
		return seal(&h, '"')
	}
	f := folder{h: &h}
	if !t.Escaped {
		f.write(raw)
	} else {
		for len(raw) > 0 {
			k := bytes.IndexByte(raw, '\\')
			if k < 0 {
				f.write(raw)
				break
			}
			f.write(raw[:k])
			var room [16]byte
			n := escapeLen(raw[k:])
			f.write(jscan.Unquote(room[:0], raw[k:k+n]))
			raw = raw[k+n:]
		}
	}
	f.flush()
	return seal(&h, '"')
}

// unescapeInto writes the decoded form of raw to h through a small buffer.
func unescapeInto(h *xxhash.Digest, raw []byte) {
	var buf [1024]byte
	n := 0
	for len(raw) > 0 {
		k := bytes.IndexByte(raw, '\\')
		if k < 0 {
			k = len(raw)
		}
		if n+k+16 > len(buf) {
			h.Write(buf[:n])
			n = 0
		}
		if k+16 > len(buf) {
			h.Write(raw[:k])
		} else {
			n += copy(buf[n:], raw[:k])
		}
		if k == len(raw) {
			break
		}
		raw = raw[k:]
		e := escapeLen(raw)
		switch {
		case e == 2 && raw[1] == 'n':
			buf[n] = '\n'
			n++
		case e == 2 && (raw[1] == '"' || raw[1] == '\\' || raw[1] == '/'):
			buf[n] = raw[1]
			n++
		default:
			n = len(jscan.Unquote(buf[:n], raw[:e]))
		}
		raw = raw[e:]
	}
	h.Write(buf[:n])
}

// escapeLen is the length of the escape at the start of raw; a pair of surrogates is one.
func escapeLen(raw []byte) int {
	if len(raw) < 2 {
		return len(raw)
	}
	if raw[1] != 'u' || len(raw) < 6 {
		return 2
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' && raw[2]|0x20 == 'd' && raw[8]|0x20 == 'd' && raw[9] > '9' && raw[9]|0x20 != 'a' && raw[9]|0x20 != 'b' {
		return 12
	}
	return 6
}

// A folder folds white space on the way to a hash.
type folder struct {
	h     *xxhash.Digest
	buf   [256]byte
	n     int
	space bool // white space is owed
	any   bool
}

func (f *folder) write(b []byte) {
	for _, c := range b {
		switch c {
		case ' ', '\n', '\t', '\r':
			f.space = f.any
			continue
		}
		if f.n+2 > len(f.buf) {
			f.flush()
		}
		if f.space {
			f.buf[f.n] = ' '
			f.n++
			f.space = false
		}
		f.buf[f.n] = c
		f.n++
		f.any = true
	}
}

func (f *folder) flush() {
	f.h.Write(f.buf[:f.n])
	f.n = 0
}
