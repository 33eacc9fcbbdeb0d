package recording

import (
	"bytes"

	"github.com/agenttrace/agenttrace/schema"
)

// A Report is the text in which the shell tool of Gemini CLI and its forks wraps what a command wrote.
type Report struct {
	Body []byte     // what the command wrote
	Exit schema.Int // its exit code
}

// The lines behind the output. Which of them are there changes with the version.
var trailers = [...]string{"Error: ", "Exit Code: ", "Signal: ", "Background PIDs: ", "Process Group PGID: "}

// ReadReport takes a report apart. Text that is none is all body. ok says that the tool itself reported
// success: newer versions name the exit code only where it is not zero.
func ReadReport(text []byte, ok bool) Report {
	rep := Report{Body: text}
	body := text
	switch {
	case hasPrefix(text, "Output: "):
		body = text[len("Output: "):]
	case hasPrefix(text, "Command: "):
		i := bytes.Index(text, []byte("\nOutput: "))
		if k := bytes.Index(text, []byte("\nStdout: ")); i < 0 {
			i = k
		}
		if i < 0 {
			return rep
		}
		body = text[i+len("\nOutput: "):]
	default:
		return rep
	}
	running, named := false, false
	for {
		i := bytes.LastIndexByte(body, '\n')
		if i < 0 {
			break
		}
		name, value := trailer(body[i+1:])
		if name == "" {
			break
		}
		switch name {
		case "Exit Code: ":
			named, rep.Exit = true, exitCode(value)
		case "Background PIDs: ":
			running = running || len(value) > 0 && value[0] >= '0' && value[0] <= '9'
		}
		body = body[:i]
	}
	rep.Body = body
	if string(body) == "(empty)" {
		rep.Body = body[:0]
	}
	if ok && !named && !running {
		rep.Exit = schema.Known(int64(0))
	}
	return rep
}

// trailer tells the lines behind the output. "Error: " begins many a line of commands as well: it is
// the report's own for certain only where it says that there is none.
func trailer(line []byte) (name string, value []byte) {
	for _, t := range trailers {
		if v, ok := bytes.CutPrefix(line, []byte(t)); ok {
			if t == "Error: " && string(v) != "(none)" {
				return "", nil
			}
			return t, v
		}
	}
	return "", nil
}

func exitCode(b []byte) schema.Int {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	n := digits(bytes.TrimSpace(b))
	if n < 0 {
		return schema.Int{}
	}
	if neg {
		n = -n
	}
	return schema.Known(n)
}
