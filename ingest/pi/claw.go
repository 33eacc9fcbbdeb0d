package pi

import (
	"bytes"
	"io"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/klauspost/compress/zstd"
)

// channelText cuts off what OpenClaw puts before the words of a message from a channel: when it came,
// and who sent it.
func channelText(text []byte) []byte {
	rest := bytes.TrimLeft(text, " \t\r\n")
	for {
		next := bytes.TrimLeft(senderBlock(stamp(rest)), " \t\r\n")
		if len(next) == len(rest) {
			break
		}
		rest = next
	}
	if len(rest) == len(bytes.TrimLeft(text, " \t\r\n")) {
		return text
	}
	return rest
}

// stamp cuts off [Wed 2026-02-18 11:21 GMT+1].
func stamp(text []byte) []byte {
	if len(text) < 16 || text[0] != '[' || text[4] != ' ' || text[9] != '-' || text[12] != '-' {
		return text
	}
	for _, c := range text[5:9] {
		if c < '0' || c > '9' {
			return text
		}
	}
	end := bytes.IndexByte(text[:min(len(text), 64)], ']')
	if end < 0 {
		return text
	}
	return text[end+1:]
}

// senderBlock cuts off a heading of the form "… (untrusted metadata):" and the fenced block behind it.
func senderBlock(text []byte) []byte {
	line, rest, ok := bytes.Cut(text, []byte{'\n'})
	if !ok || len(line) > 80 || !bytes.HasSuffix(bytes.TrimRight(line, " \r"), []byte("(untrusted metadata):")) {
		return text
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if !bytes.HasPrefix(rest, []byte("```")) {
		return text
	}
	end := bytes.Index(rest[3:], []byte("\n```"))
	if end < 0 {
		return text
	}
	return rest[3+end+4:]
}

// kindOfClaw classes a session by its key in the index beside it: much of what OpenClaw runs is started
// by no person.
func (p *parser) kindOfClaw(id string) {
	if strings.Contains(p.src.Path, ".checkpoint.") {
		p.ses.Row.IsMarkedCopy = true
	}
	if p.src.ReadBeside == nil {
		return
	}
	index, err := p.src.ReadBeside("sessions.json")
	if err != nil {
		return
	}
	var s jscan.Scanner
	s.Reset(index)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		key := string(s.Name)
		found := false
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) == "sessionId" {
				found = s.Str() == id
			} else {
				s.Skip()
			}
		}
		if found && !s.Bad() {
			p.ses.Row.SessionKind = kindOfKey(key)
			return
		}
	}
}

func kindOfKey(key string) string {
	switch {
	case strings.Contains(key, ":subagent:"):
		return "background"
	case strings.HasPrefix(key, "cron:"), strings.HasPrefix(key, "hook:"), strings.Contains(key, ":cron:"), strings.Contains(key, ":hook:"),
		strings.HasSuffix(key, ":heartbeat"), strings.Contains(key, ":explicit:model-run-"):
		return "automation"
	}
	return "user"
}

// decoderMemory bounds what a hostile frame can make the decoder allocate.
const decoderMemory = 256 << 20

func isZstd(b []byte) bool { return bytes.HasPrefix(b, []byte{0x28, 0xB5, 0x2F, 0xFD}) }

func newDecoder(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(decoderMemory))
}

// plainHead decompresses what a head allows.
func plainHead(head []byte) []byte {
	d, err := newDecoder(bytes.NewReader(head))
	if err != nil {
		return nil
	}
	defer d.Close()
	out := make([]byte, ingest.HeadSize)
	n, _ := io.ReadFull(d, out)
	return out[:n]
}

// A zstdReader decompresses, and tells a damaged frame from a file that cannot be read.
type zstdReader struct {
	d       *zstd.Decoder
	src     *counter
	damaged error
}

// decompress puts a decoder in front of a source that is compressed; nil for others.
func decompress(src *ingest.Source) (*zstdReader, error) {
	var magic [4]byte
	n, err := io.ReadFull(src.Reader, magic[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	all := io.MultiReader(bytes.NewReader(magic[:n]), src.Reader)
	if !isZstd(magic[:n]) {
		src.Reader = all
		return nil, nil
	}
	z := &zstdReader{src: &counter{r: all}}
	if z.d, err = newDecoder(z.src); err != nil {
		return nil, err
	}
	src.Reader = z
	return z, nil
}

func (z *zstdReader) Read(b []byte) (int, error) {
	n, err := z.d.Read(b)
	switch {
	case err == nil || err == io.EOF:
	case z.src.err != nil:
		err = z.src.err
	default:
		z.damaged, err = err, io.EOF
	}
	return n, err
}

type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
