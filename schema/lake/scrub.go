package lake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// A Salt keys the hashes that stand for names, so that nobody can try names out. It stays on the machine.
type Salt []byte

// NewSalt gives one that nobody keeps.
func NewSalt() Salt {
	s := make(Salt, 32)
	rand.Read(s)
	return s
}

// SaltBeside reads the salt that lies beside a store and makes it where there is none: two exports of one
// machine name the same things in the same way.
func SaltBeside(store string) (Salt, error) {
	path := store + ".salt"
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		s := NewSalt()
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = f.WriteString(hex.EncodeToString(s) + "\n")
		return s, errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, err
	}
	s, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(s) < 16 {
		return nil, fmt.Errorf("%s: no salt: want at least 32 hexadecimal digits", path)
	}
	return s, nil
}

// Hash stands for a text: 16 hexadecimal digits.
func (s Salt) Hash(text string) string {
	h := sha256.New()
	h.Write(s)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// publicRoots say nothing of anybody, and rules look at them.
var publicRoots = []string{"/private/tmp/", "/var/folders/", "/tmp/", "/dev/"}

// Path stands for a path: each name in it becomes a hash of its own, so that what lies in one folder still
// does; the ending stays. What lies below base keeps base.
func (s Salt) Path(path, base string) string {
	if base != "" && strings.HasPrefix(path, base) {
		rest := path[len(base):]
		if rest == "" {
			return path
		}
		if rest[0] == '/' || rest[0] == '\\' {
			return base + s.names(rest)
		}
	}
	for _, root := range publicRoots {
		if rest, ok := strings.CutPrefix(path, root); ok {
			return root + s.names(rest)
		}
	}
	return s.names(path)
}

func (s Salt) names(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); {
		n := strings.IndexAny(path[i:], `/\`)
		if n < 0 {
			b.WriteString(s.file(path[i:]))
			break
		}
		b.WriteString(s.name(path[i : i+n]))
		b.WriteByte(path[i+n])
		i += n + 1
	}
	return b.String()
}

func (s Salt) name(name string) string {
	switch {
	case name == "", name == ".", name == "..", name == "~":
		return name
	case len(name) == 2 && name[1] == ':': // a drive
		return name
	}
	return s.Hash(name)[:12]
}

// file keeps the ending of the last name: it says which language a file is written in.
func (s Salt) file(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || len(name)-i > 9 || s.name(name) == name {
		return s.name(name)
	}
	for _, c := range []byte(name[i+1:]) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return s.name(name)
		}
	}
	return s.name(name[:i]) + name[i:]
}

// Folder stands for a whole folder, its last name included, which has no ending to keep.
func (s Salt) Folder(path string) string {
	return strings.TrimSuffix(s.names(strings.TrimRight(path, `/\`)+"/"), "/")
}
