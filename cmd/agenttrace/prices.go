package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/store"
)

// ownPricesFile is where the user's own prices are; "" where there is no home.
func (e *env) ownPricesFile() string {
	dir := e.configDir()
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "prices.csv")
}

// ownPrices reads the prices that are not the book's: the user's own, and those that prices update fetched.
// Without the files there are none.
func (e *env) ownPrices() (store.OwnPrices, error) {
	var out store.OwnPrices
	for _, name := range []string{e.fetchedPricesFile(), e.ownPricesFile()} {
		if name == "" {
			continue
		}
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		prices, err := store.ParsePrices(name, text)
		if err != nil {
			return nil, withHint(err, "agenttrace prices check %s", name)
		}
		out = append(out, prices...)
	}
	return out, nil
}

func runPricesCheck(e *env, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	prices, err := store.ParsePrices(name, text)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %s, all fine\n", name, countOf(int64(len(prices)), "price"))
	return err
}

func newPricesCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prices",
		Short: "The price book",
		Example: `  agenttrace prices list
  agenttrace prices missing

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	var lo common
	list := &cobra.Command{
		Use:   "list",
		Short: "Every price with its dates, USD per million tokens",
		Example: `  agenttrace prices list
  agenttrace prices list -f csv

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runPricesList(e, lo) },
	}
	lo.addOutput(list.Flags(), strings.Join(render.Formats, ", "))
	lo.addStore(list.Flags())
	var mo common
	missing := &cobra.Command{
		Use:   "missing",
		Short: "Models of your logs that have no price",
		Example: `  agenttrace prices missing
  agenttrace prices missing -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runPricesMissing(e, mo) },
	}
	mo.addOutput(missing.Flags(), strings.Join(render.Formats, ", "))
	mo.addStore(missing.Flags())
	mo.addDemo(missing.Flags())
	missing.Flags().StringArrayVarP(&mo.dirs, "dir", "d", nil, "ask the logs of this folder instead of the store (repeatable)")
	check := &cobra.Command{
		Use:   "check FILE",
		Short: "Checks a price file of your own, with the line of every error",
		Long: `Checks a price file of your own: CSV with a header of columns of the price book (agenttrace schema prices).
provider, model, input and output must be there, in USD per million tokens. As prices.csv in the folder
agenttrace of your configuration ($XDG_CONFIG_HOME, ~/.config), its rows come before those of the book.`,
		Example: `  agenttrace prices check prices.csv
  agenttrace prices check ~/.config/agenttrace/prices.csv

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("prices check wants one file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runPricesCheck(e, args[0]) },
	}
	cmd.AddCommand(list, missing, check, newPricesUpdateCommand(e))
	for _, c := range cmd.Commands() {
		c.SetFlagErrorFunc(flagError)
	}
	return cmd
}

func runPricesList(e *env, c common) error {
	format, err := c.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	own, err := e.ownPrices()
	if err != nil {
		return err
	}
	open := c.catalogue
	if len(own) > 0 { // they have to be in the store first
		open = func(e *env) (*data, error) { return c.open(e, inputs{}, trusted) }
	}
	d, err := open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.print(e, conn, format, `SELECT provider, model, (effective_from AT TIME ZONE 'UTC')::DATE AS effective_from,
		(effective_to AT TIME ZONE 'UTC')::DATE AS effective_to, input, output, cache_read, cache_write_5m, cache_write_1h,
		long_context_threshold, long_input, long_output, confidence, is_own FROM prices ORDER BY provider, model, is_own, effective_from`)
}

func runPricesMissing(e *env, c common) error {
	format, err := c.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	d, err := c.open(e, inputs{paths: c.dirs}, trusted)
	if err != nil {
		return err
	}
	defer d.Close()
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.print(e, conn, format, `SELECT response_model, agent, count(*) AS model_call_count, sum(input_tokens)::BIGINT AS input_tokens,
		sum(output_tokens)::BIGINT AS output_tokens, min(occurred_at) AS first_at, max(occurred_at) AS last_at
		FROM model_call_costs_v1 WHERE cost_usd IS NULL GROUP BY ALL ORDER BY model_call_count DESC, response_model`)
}
