package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// skillText tells coding agents how to use the program.
//
//go:embed skill.md
var skillText string

// skillHomes is where agents look for skills, below the home folder, or the folder that a variable names.
var skillHomes = map[string]struct{ variable, folder string }{
	"claude-code": {"CLAUDE_CONFIG_DIR", ".claude"},
	"codex":       {"CODEX_HOME", ".codex"},
}

func newSkillCommand(e *env) *cobra.Command {
	var install, force bool
	var agent string
	cmd := &cobra.Command{
		Use:   "skill",
		Short: "A skill file that teaches coding agents to ask agenttrace",
		Long: `Prints a skill file: when a coding agent should ask agenttrace, with which commands, and what goes wrong.
With --install it is written where the agent looks for skills.`,
		Example: `  agenttrace skill
  agenttrace skill --install --agent codex

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !install {
				if force || cmd.Flags().Changed("agent") {
					return usagef("--agent and --force have no effect without --install")
				}
				_, err := io.WriteString(e.stdout, skillText)
				return err
			}
			return installSkill(e, agent, force)
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "write it where the agent looks for skills")
	cmd.Flags().StringVar(&agent, "agent", "claude-code", "claude-code or codex")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that differs")
	return cmd
}

func installSkill(e *env, agent string, force bool) error {
	place, ok := skillHomes[agent]
	if !ok {
		return &usageError{text: fmt.Sprintf("--agent %s: no place for skills is known", agent), hint: "possible: claude-code, codex; agenttrace skill > FILE for others"}
	}
	dir := e.getenv(place.variable)
	if dir == "" {
		home, err := (&common{}).homeDir(e)
		if err != nil {
			return err
		}
		dir = filepath.Join(home, place.folder)
	}
	name := filepath.Join(dir, "skills", "agenttrace", "SKILL.md")
	old, err := os.ReadFile(name)
	switch {
	case err == nil && string(old) == skillText:
		_, err := fmt.Fprintf(e.stdout, "%s is up to date\n", name)
		return err
	case err == nil && !force:
		return withHint(fmt.Errorf("%s is there and differs", name), "--force overwrites it")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := fileTarget(name)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, skillText); err != nil {
		out.discard()
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "wrote %s\n", name)
	return err
}
