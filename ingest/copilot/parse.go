package copilot

import (
	"bytes"
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
)

// headSize is how much is read ahead, to tell the kinds of file apart.
const headSize = 64 << 10

// Parse reads one session.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	head, err := src.Head(headSize)
	if err != nil {
		return err
	}
	log := rows.New(agent, src, emit)
	start := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	line, _, _ := bytes.Cut(start, []byte{'\n'})
	kind := kindEvents
	if matchEvent(line) == ingest.Foreign {
		if k := kindOf(start); k != kindForeign {
			kind = k
		}
	}
	switch kind {
	case kindOperations:
		err = readOperations(ctx, log, src)
	case kindChat:
		err = readChat(log, src)
	case kindLegacy:
		err = readLegacy(log, src)
	case kindReplay:
		err = readDebugLog(log, src)
	default:
		err = readEvents(ctx, log, src)
	}
	if closed := log.Close(); closed != nil {
		return closed
	}
	return err
}

// stem is the name of a file without its ending.
func stem(path string) string {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	name, _, _ = strings.Cut(name, ".")
	return name
}

// folder is the name of the folder that a file is in.
func folder(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return ""
	}
	path = path[:i]
	return path[strings.LastIndexByte(path, '/')+1:]
}
