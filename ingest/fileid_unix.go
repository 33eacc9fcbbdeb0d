//go:build unix

package ingest

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileID names a file by device and inode, which stay when it is renamed.
func fileID(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%x:%x", st.Dev, st.Ino)
	}
	return ""
}
