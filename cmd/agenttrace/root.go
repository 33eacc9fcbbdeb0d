package main

import (
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rootOptions are those of the root command: audits of paths, and the predecessor's spellings.
type rootOptions struct {
	reportOptions
	doctor, overview, latest, compare, listModels, updatePricing, version bool
}

func (o *rootOptions) addFlags(f *pflag.FlagSet) {
	o.reportOptions.addFlags(f)
	f.BoolVar(&o.timeline, "timeline", false, "list the steps of the session")
	f.BoolVar(&o.overview, "overview", false, "same as agenttrace overview")
	f.BoolVar(&o.latest, "latest", false, "same as agenttrace latest")
	f.BoolVar(&o.compare, "compare", false, "same as agenttrace sessions")
	f.BoolVar(&o.doctor, "doctor", false, "same as agenttrace doctor")
	f.BoolVar(&o.listModels, "list-models", false, "same as agenttrace prices list")
	f.BoolVar(&o.updatePricing, "update-pricing", false, "same as agenttrace prices update")
	f.BoolVar(&o.version, "version", false, "same as agenttrace version")
}

// runRoot is agenttrace without a command: the predecessor's flags, paths, or the overview.
func runRoot(e *env, cmd *cobra.Command, o rootOptions) error {
	o.noteGates(cmd)
	chosen := map[string]bool{
		"--overview": o.overview, "--latest": o.latest, "--compare": o.compare, "--doctor": o.doctor,
		"--list-models": o.listModels, "--update-pricing": o.updatePricing, "--version": o.version,
	}
	var names []string
	for name, on := range chosen {
		if on {
			names = append(names, name)
		}
	}
	if len(names) > 1 {
		sort.Strings(names)
		return usagef("%s cannot go together", strings.Join(names, " and "))
	}
	if err := refuseIdle(cmd, o, names); err != nil {
		return err
	}
	switch {
	case o.version:
		return runVersion(e)
	case o.listModels:
		return runPricesList(e, o.common)
	case o.updatePricing:
		return runPricesUpdate(e, priceUpdateOptions{common: o.common, from: priceSource})
	case o.doctor:
		return runDoctor(e, doctorOptions{common: o.common, paths: o.args})
	case o.compare:
		return runSessions(e, sessionsOptions{common: o.common, limit: 15, paths: o.args})
	case o.latest:
		return runLatest(e, o.reportOptions)
	case o.overview || o.demo || len(o.args) == 0:
		if err := pathInputs(cmd, o.args); err != nil {
			return err
		}
		return runOverview(e, o.reportOptions)
	}
	if err := pathInputs(cmd, o.args); err != nil {
		return err
	}
	return runPaths(e, o.reportOptions)
}

// refuseIdle refuses flags that have no effect on what was asked for.
func refuseIdle(cmd *cobra.Command, o rootOptions, chosen []string) error {
	if len(chosen) == 0 {
		if o.timeline && len(o.args) == 0 {
			return usagef("--timeline has no effect on an overview")
		}
		return nil
	}
	gates := []string{"fail-under-health", "fail-on-critical", "max-tool-fail-rate", "health", "allow-empty"}
	filters := []string{"since", "until", "agent", "project", "model", "branch"}
	report := append(append([]string{"timeline"}, gates...), filters...)
	idle := map[string][]string{
		"--overview":       {"timeline"},
		"--doctor":         report,
		"--compare":        append([]string{"timeline"}, gates...),
		"--list-models":    append([]string{"dir", "lake", "demo"}, report...),
		"--update-pricing": append([]string{"dir", "lake", "demo", "format", "output"}, report...),
		"--version":        append([]string{"dir", "lake", "demo", "format", "output"}, report...),
	}
	for _, name := range idle[chosen[0]] {
		if cmd.Flags().Changed(name) {
			return usagef("--%s has no effect with %s", name, chosen[0])
		}
	}
	if len(o.args) > 0 && contains([]string{"--list-models", "--update-pricing", "--version"}, chosen[0]) {
		return usagef("%q has no effect with %s", o.args[0], chosen[0])
	}
	return nil
}
