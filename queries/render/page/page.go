// Package page holds what stands around the content of a web page: its policy, style and script.
//
// A page needs nothing from elsewhere: it is one file that can be mailed, archived or opened from a disk,
// and its Content-Security-Policy lets nothing be loaded, sent or run but the style and the script of this
// package, which are named by their hashes. Session logs are hostile; what of them would get past the
// escaping would still not be run.
//
// Lines and time axes are drawn by uPlot 1.6.32 (MIT, in uplot/, whole and unchanged): 50 kB without a
// dependency, quick with tens of thousands of points, with axes, zoom and a cursor that follows, and it
// neither evaluates text nor writes markup or style sheets, so that the policy can stay as strict as it is.
// The known libraries for Go draw pictures with fixed colours: neither dark nor light, without a zoom, and
// twice the size of the data. Every chart has its figures beside it as a table, which is all that is left
// where scripts are off.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"strings"
)

var (
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
	//go:embed line.js
	lineJS string
	//go:embed lanes.js
	lanesJS string
	//go:embed uplot/uPlot.min.css
	uplotCSS string
	//go:embed uplot/uPlot.iife.min.js
	uplotJS string
	//go:embed uplot/LICENSE
	uplotLicence string
)

// A Page is what a page is made of.
type Page struct {
	Title  string
	Charts bool // it has charts, and needs what draws them
}

func (p Page) style() string {
	if p.Charts {
		return uplotCSS + pageCSS
	}
	return pageCSS
}

func (p Page) script() string {
	if p.Charts {
		// The licence takes the place of the line with the address: a page names nothing outside of itself.
		_, code, _ := strings.Cut(uplotJS, "*/")
		return strings.Join([]string{pageJS, "/*! uPlot 1.6.32\n" + uplotLicence + "*/" + code, lineJS, lanesJS}, "\n")
	}
	return pageJS
}

// Policy is the Content-Security-Policy of the page.
func (p Page) Policy() string {
	return "default-src 'none'; style-src '" + hash(p.style()) + "'; script-src '" + hash(p.script()) +
		"'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// Head opens the page up to its content.
func (p Page) Head() string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="` + p.Policy() + `">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="agenttrace">
<title>` + html.EscapeString(p.Title) + `</title>
<style>` + p.style() + `</style>
</head>
<body>
<a class="skip" href="#report">To the report</a>
<button type="button" id="theme" hidden>Dark</button>
<main id="report">
`
}

// Tail closes what Head opened.
func (p Page) Tail() string {
	return "</main>\n<script>" + p.script() + "</script>\n</body>\n</html>\n"
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
