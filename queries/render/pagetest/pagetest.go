// Package pagetest checks web pages: that they need nothing from elsewhere, run nothing but what their
// policy names, and can be read without eyes or a mouse.
package pagetest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// A Found is what there is to know of a page.
type Found struct {
	Faults []string
	Count  map[string]int // of elements
	Text   string         // what a reader sees: all but styles and scripts
	Rows   [][]string     // the cells of each row of each table
}

// elements are those that a page may have; none of them loads, frames or sends anything.
var elements = set("html head meta title style body a button main h1 h2 h3 p div nav ul li section table caption thead tbody tr th td details summary span svg rect path figure figcaption script footer")

// attributes are those that they may have; none of them runs anything.
var attributes = set("lang charset http-equiv content name class href type id hidden aria-label aria-labelledby aria-sort aria-hidden aria-expanded aria-live role tabindex scope colspan open " +
	"viewbox preserveaspectratio width height y d data-v data-more data-less")

func set(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}

// Check reads a page.
func Check(text string) Found {
	f := Found{Count: map[string]int{}}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		f.fault("%v", err)
		return f
	}
	for i, r := range text {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2028 || r == 0xfffd {
			f.fault("the character %U at %d", r, i)
			break
		}
	}
	for _, address := range []string{"http:", "https:", "//cdn", "url(", "@import", "javascript:"} {
		if i := strings.Index(text, address); i >= 0 && !strings.Contains(visibleText(root), address) {
			f.fault("%q at %d", address, i)
		}
	}
	ids, wanted := map[string]bool{}, []string{}
	var styles, scripts []string
	policy := ""
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			f.Count[n.Data]++
			if !elements[n.Data] {
				f.fault("an element %s", n.Data)
			}
			for _, a := range n.Attr {
				switch key := strings.ToLower(a.Key); {
				case !attributes[key]:
					f.fault("%s has an attribute %s", n.Data, a.Key)
				case key == "id" && ids[a.Val]:
					f.fault("the id %s stands twice", a.Val)
				case key == "id":
					ids[a.Val] = true
				case key == "href" && !strings.HasPrefix(a.Val, "#"):
					f.fault("a link to %s", a.Val)
				case key == "href":
					wanted = append(wanted, a.Val[1:])
				case key == "aria-labelledby":
					wanted = append(wanted, a.Val)
				}
			}
			f.element(n, &styles, &scripts, &policy)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	f.Text = visibleText(root)
	for _, id := range wanted {
		if !ids[id] {
			f.fault("nothing has the id %s", id)
		}
	}
	f.policy(policy, styles, scripts)
	if f.Count["h1"] != 1 || f.Count["main"] != 1 || f.Count["title"] != 1 || attr(first(root, "html"), "lang") == "" {
		f.fault("a page has one title, one h1, one main and a language")
	}
	return f
}

func (f *Found) fault(format string, args ...any) {
	f.Faults = append(f.Faults, fmt.Sprintf(format, args...))
}

func (f *Found) element(n *html.Node, styles, scripts *[]string, policy *string) {
	switch n.Data {
	case "meta":
		if attr(n, "http-equiv") == "Content-Security-Policy" {
			*policy = attr(n, "content")
			if n.Parent.Data != "head" || len(*styles)+len(*scripts) > 0 {
				f.fault("the policy comes too late")
			}
		}
	case "style":
		*styles = append(*styles, inner(n))
	case "script":
		switch attr(n, "type") {
		case "application/json":
			if !json.Valid([]byte(inner(n))) {
				f.fault("no JSON: %.80s", inner(n))
			}
		case "":
			*scripts = append(*scripts, inner(n))
		default:
			f.fault("a script of type %s", attr(n, "type"))
		}
	case "table":
		if first(n, "caption") == nil {
			f.fault("a table without a caption")
		}
	case "th":
		if s := attr(n, "scope"); s != "col" && s != "row" {
			f.fault("a head without a scope: %s", visibleText(n))
		}
		if attr(n, "aria-sort") != "" && first(n, "button") == nil {
			f.fault("a column is sorted, but not by a button: %s", visibleText(n))
		}
	case "tr":
		var cells []string
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			cells = append(cells, visibleText(c))
		}
		f.Rows = append(f.Rows, cells)
	case "button":
		if strings.TrimSpace(visibleText(n)) == "" || attr(n, "type") != "button" {
			f.fault("a button without a name or a type")
		}
	case "figure":
		picture := false
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			picture = picture || c.Type == html.ElementNode && attr(c, "role") == "img" && len(attr(c, "aria-label")) > 10
		}
		if !picture || first(n, "table") == nil || first(n, "figcaption") == nil {
			f.fault("a figure wants a caption, a picture that is told in words, and its figures as a table")
		}
	case "svg":
		if attr(n, "aria-hidden") != "true" {
			f.fault("a drawing that is read out")
		}
	}
}

// policy checks that nothing but the one style and the one script is let in.
func (f *Found) policy(text string, styles, scripts []string) {
	directives := map[string]string{}
	for _, d := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		directives[name] = value
	}
	for name, want := range map[string]string{"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "require-trusted-types-for": "'script'"} {
		if directives[name] != want {
			f.fault("the policy has %s %s", name, directives[name])
		}
	}
	for name, list := range map[string][]string{"style-src": styles, "script-src": scripts} {
		if len(list) != 1 {
			f.fault("%d for %s, want 1", len(list), name)
			continue
		}
		sum := sha256.Sum256([]byte(list[0]))
		if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; directives[name] != want {
			f.fault("%s is %s, want %s", name, directives[name], want)
		}
	}
	if n := strings.Count(text, "-src"); n != 3 {
		f.fault("the policy lets in more: %s", text)
	}
}

func attr(n *html.Node, key string) string {
	if n != nil {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val
			}
		}
	}
	return ""
}

func first(n *html.Node, name string) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name {
			return d
		}
	}
	return nil
}

func inner(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(c.Data)
	}
	return b.String()
}

func visibleText(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return b.String()
}
