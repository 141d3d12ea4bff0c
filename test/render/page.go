package main

import (
	"bytes"
	_ "embed" // for the style
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markup "github.com/yuin/goldmark/renderer/html"
)

//go:embed style.css
var style string

// markdown is GitHub's dialect, as near as it can be had; HTML passes as it does there.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(markup.WithUnsafe()))

func document(body string) string {
	return "<!doctype html>\n<meta charset=utf-8>\n<title>changectl at GitHub</title>\n<style>\n" + style + "</style>\n" + body
}

// allOf shows every golden file under its name.
func allOf(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".md")
		text, err := file(dir, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "<h1 class=file>%s</h1>\n%s", html.EscapeString(name), text)
	}
	return b.String(), nil
}

// file shows a golden file: a comment, or the checks of a situation.
func file(dir, name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, name+".md")) //nolint:gosec // whoever runs it names the directory
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(name, ".checks") {
		return checks(string(b))
	}
	body, err := rendered(string(b))
	return "<div class=comment><header><b>changectl</b><span class=bot>bot</span> commented</header><div class=body>" + body + "</div></div>\n", err
}

var alerts = regexp.MustCompile(`<blockquote>\s*<p>\[!([A-Z]+)\]\s*`)

func rendered(text string) (string, error) {
	var b bytes.Buffer
	if err := markdown.Convert([]byte(text), &b); err != nil {
		return "", err
	}
	return alerts.ReplaceAllStringFunc(b.String(), func(s string) string {
		kind := alerts.FindStringSubmatch(s)[1]
		return "<blockquote class=" + kind + "><p class=kind>" + kind[:1] + strings.ToLower(kind[1:]) + "</p><p>"
	}), nil
}

var (
	checkHead  = regexp.MustCompile(`(?m)^<!-- check: (.*?) \| (.*?) \| (.*) -->\n`)
	annotation = regexp.MustCompile(`(?m)^<!-- annotation: (\S+) (\w+): (.*) -->\n`)
	marksOf    = map[string]string{"success": "✓", "failure": "✕", "action_required": "!"}
)

// checks shows the checks as a list, and below it those that are not a plain success.
func checks(text string) (string, error) {
	list, below := "", ""
	heads := checkHead.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		name, conclusion, title := text[h[2]:h[3]], text[h[4]:h[5]], html.EscapeString(text[h[6]:h[7]])
		mark := fmt.Sprintf("<span class='mark %s'>%s</span>", conclusion, marksOf[conclusion])
		list += fmt.Sprintf("<div>%s<b>%s</b> — %s</div>\n", mark, html.EscapeString(name), title)
		body, err := check(text[h[1]:end])
		if err != nil {
			return "", err
		}
		if conclusion != "success" {
			below += fmt.Sprintf("<div class=check><header>%s%s<small>%s</small></header>%s</div>\n", mark, title, html.EscapeString(name), body)
		}
	}
	return "<div class=list>" + list + "</div>\n" + below, nil
}

// check shows summary, annotations and text, in GitHub's order.
func check(text string) (string, error) {
	notes := ""
	for _, a := range annotation.FindAllStringSubmatch(text, -1) {
		notes += fmt.Sprintf("<div class='annotation %s'><code>%s</code><br>%s</div>\n", a[2], html.EscapeString(a[1]), html.EscapeString(a[3]))
	}
	summary, more, _ := strings.Cut(annotation.ReplaceAllString(text, ""), "<!-- text -->\n")
	top, err := rendered(summary)
	if err != nil {
		return "", err
	}
	bottom, err := rendered(more)
	return "<div class=body>" + top + "</div>" + notes + "<div class=body>" + bottom + "</div>", err
}
