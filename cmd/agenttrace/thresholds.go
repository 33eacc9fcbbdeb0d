package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/agenttrace/agenttrace/schema/store"
)

// configDir is where the user's own files of settings are: $XDG_CONFIG_HOME/agenttrace, ~/.config/agenttrace,
// %AppData%\agenttrace on Windows; "" where there is no home.
func (e *env) configDir() string {
	if dir := e.getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "agenttrace")
	}
	if dir := e.getenv("AppData"); dir != "" {
		return filepath.Join(dir, "agenttrace")
	}
	if home := e.getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "agenttrace")
	}
	return ""
}

// thresholds reads the user's limits for the rules that find anomalies: thresholds.toml in the folder of
// the configuration. Without the file there are none.
func (e *env) thresholds() (store.Thresholds, error) {
	dir := e.configDir()
	if dir == "" {
		return nil, nil
	}
	name := filepath.Join(dir, "thresholds.toml")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return store.ParseThresholds(name, text)
}
