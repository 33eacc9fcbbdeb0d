package sqlitedb

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	headerSize    = 100
	logHeaderSize = 32
	frameSize     = 24
	// settle is how long a file must have lain still for its time to tell of every later change.
	settle = 20 * time.Millisecond
)

// pages are the pages of a database: those of the file, and over them what was committed to the log.
type pages struct {
	file, log *os.File
	size      int64 // of the database, by pages
	page      int64
	frames    map[int64]int64 // number of a page, from 0: where its newest copy begins in the log
	legacy    bool            // the header has to say that there is no log

	fileSize int64
	modified time.Time
	logHead  [logHeaderSize]byte
}

// readPages opens a database and its log.
func readPages(path string) (_ *pages, err error) {
	p := &pages{}
	if p.file, err = os.Open(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if err := p.stat(); err != nil {
		return nil, err
	}
	if p.fileSize == 0 {
		return nil, errors.New("the database is empty")
	}
	var head [headerSize]byte
	if _, err := p.file.ReadAt(head[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the database is cut off")
		}
		return nil, err
	}
	if !Is(head[:]) {
		return nil, errors.New("not a SQLite database, or an encrypted one")
	}
	p.page = int64(binary.BigEndian.Uint16(head[16:]))
	if p.page == 1 {
		p.page = 1 << 16
	}
	if p.page < 512 || p.page&(p.page-1) != 0 {
		return nil, errors.New("the database is damaged: its header has no valid page size")
	}
	p.size = p.fileSize
	if head[18] != 2 && head[19] != 2 {
		return p, journal(path)
	}
	p.legacy = true
	log, err := os.Open(path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return nil, err
	}
	p.log = log
	return p, p.readLog()
}

// stat notes the size and the time of the file.
func (p *pages) stat() error {
	for {
		info, err := p.file.Stat()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return errors.New("not a regular file")
		}
		p.fileSize, p.modified = info.Size(), info.ModTime()
		// The clock of a file is coarse: a write right after this one could leave the time as it is.
		if age := time.Since(p.modified); age >= settle || age < 0 {
			return nil
		}
		time.Sleep(settle)
	}
}

// journal reports whether a transaction is open, or was left open by a crash: then pages of the file
// are not to be trusted without the journal.
func journal(path string) error {
	f, err := os.Open(path + "-journal")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer f.Close()
	var head [8]byte
	if _, err := io.ReadFull(f, head[:]); err == nil && head == [8]byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7} {
		return errBusy
	}
	return nil
}

// readLog finds the newest committed copy of each page in the log. What follows the last commit, and
// what an earlier round of the log left behind, does not count; checksums tell.
func (p *pages) readLog() error {
	n, err := p.log.ReadAt(p.logHead[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h := p.logHead[:]
	if n < logHeaderSize {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch binary.BigEndian.Uint32(h) {
	case 0x377f0682:
	case 0x377f0683:
		order = binary.BigEndian
	default:
		return nil
	}
	page := int64(binary.BigEndian.Uint32(h[8:]))
	s0, s1 := checksum(order, h[:24], 0, 0)
	if binary.BigEndian.Uint32(h[24:]) != s0 || binary.BigEndian.Uint32(h[28:]) != s1 || binary.BigEndian.Uint32(h[4:]) != 3007000 {
		return nil
	}
	if page < 512 || page > 1<<16 || page&(page-1) != 0 {
		return errors.New("the write-ahead log is damaged: its header has no valid page size")
	}
	p.page = page
	r := io.NewSectionReader(p.log, logHeaderSize, 1<<62)
	frame := make([]byte, frameSize+page)
	frames, open := map[int64]int64{}, map[int64]int64{}
	committed := int64(-1)
	for at := int64(logHeaderSize); ; at += frameSize + page {
		if _, err := io.ReadFull(r, frame); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			return err
		}
		if string(frame[8:16]) != string(h[16:24]) {
			break
		}
		s0, s1 = checksum(order, frame[:8], s0, s1)
		s0, s1 = checksum(order, frame[frameSize:], s0, s1)
		if binary.BigEndian.Uint32(frame[16:]) != s0 || binary.BigEndian.Uint32(frame[20:]) != s1 {
			break
		}
		no := int64(binary.BigEndian.Uint32(frame))
		if no == 0 {
			break
		}
		open[no-1] = at + frameSize
		if size := int64(binary.BigEndian.Uint32(frame[4:])); size != 0 {
			for no, at := range open {
				frames[no] = at
			}
			clear(open)
			committed = size
		}
	}
	if committed >= 0 {
		p.frames, p.size = frames, committed*page
	}
	return nil
}

// checksum goes on with the checksum of the log over b, whose size is a multiple of 8.
func checksum(order binary.ByteOrder, b []byte, s0, s1 uint32) (uint32, uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s0 += order.Uint32(b) + s1
		s1 += order.Uint32(b[4:]) + s0
	}
	return s0, s1
}

// Size is the size of the database as it was when it was opened.
func (p *pages) Size() (int64, error) { return p.size, nil }

// ReadAt reads pages.
func (p *pages) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		at := off + int64(n)
		if at >= p.size {
			return n, io.EOF
		}
		no, in := at/p.page, at%p.page
		want := min(int64(len(b)-n), p.page-in, p.size-at)
		part := b[n : n+int(want)]
		if start, ok := p.frames[no]; ok {
			_, err = p.log.ReadAt(part, start+in)
		} else {
			_, err = p.file.ReadAt(part, at)
		}
		if err != nil {
			return n, err
		}
		if at < 20 && p.legacy {
			// The log is applied already: SQLite shall not look for one.
			for i := max(at, 18); i < min(at+want, 20); i++ {
				part[i-at] = 1
			}
		}
		n += int(want)
	}
	return n, nil
}

// changed reports whether the file was written to, or the log begun again, since it was opened.
func (p *pages) changed() bool {
	info, err := p.file.Stat()
	if err != nil || info.Size() != p.fileSize || !info.ModTime().Equal(p.modified) {
		return true
	}
	if p.log == nil || p.frames == nil {
		return false
	}
	var head [logHeaderSize]byte
	_, err = p.log.ReadAt(head[:], 0)
	return err != nil || head != p.logHead
}

func (p *pages) close() {
	if p.file != nil {
		p.file.Close()
	}
	if p.log != nil {
		p.log.Close()
	}
}
