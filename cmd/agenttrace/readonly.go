package main

import (
	"errors"
	"strings"
	"syscall"
)

// isReadOnly reports that a file could not be opened for writing, though it may be readable.
func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "Permission denied") || strings.Contains(err.Error(), "Read-only file system")
}
