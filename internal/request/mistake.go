package request

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/change"
)

// maxTitle is the longest title, in characters.
const maxTitle = 120

// mistake is something wrong with a request that needs no server to be seen.
type mistake struct{ field, text string }

// tidy takes blanks from the ends of single lines and fills in the type.
func tidy(r change.Request) change.Request {
	for _, s := range []*string{&r.Title, &r.Reason, &r.Runbook, &r.Window.Start, &r.Window.End, &r.Window.Duration, &r.Window.Zone} {
		*s = strings.TrimSpace(*s)
	}
	if r.Type == "" {
		r.Type = change.Normal
	}
	return r
}

// mistakes lists all that is wrong with a request, by field.
func mistakes(r change.Request) []mistake {
	var all []mistake
	for _, required := range []struct{ field, value, hint string }{
		{"metadata.title", r.Title, "say in a line what is done, such as 'PostgreSQL 15.20 on the orders pair'"},
		{"spec.reason", r.Reason, "say why it is done; it is kept in the log"},
		{"spec.runbook", r.Runbook, "name one; changectl runbook list shows them"},
		{"spec.window.start", r.Window.Start, "write a local time such as '2027-03-06T23:00'"},
	} {
		if required.value == "" {
			all = append(all, mistake{required.field, "is missing; " + required.hint})
		}
	}
	all = append(all, titleMistakes(r.Title)...)
	if !slices.Contains(change.Types, r.Type) {
		all = append(all, mistake{"spec.type", fmt.Sprintf("is %q; expected standard, normal or emergency", r.Type)})
	}
	return append(all, lengthMistakes(r.Window)...)
}

func titleMistakes(title string) []mistake {
	if n := utf8.RuneCountInString(title); n > maxTitle {
		return []mistake{{"metadata.title", fmt.Sprintf("is %d characters long; at most %d fit where it is shown, and the rest belongs to the reason", n, maxTitle)}}
	}
	if strings.ContainsFunc(title, unicode.IsControl) {
		return []mistake{{"metadata.title", "holds a line break or another control character; expected one line"}}
	}
	return nil
}

func lengthMistakes(w change.WindowRequest) []mistake {
	switch {
	case w.End != "" && w.Duration != "":
		return []mistake{{"spec.window.duration", "is given besides an end; keep one of them"}}
	case w.End == "" && w.Duration == "":
		return []mistake{{"spec.window", "has neither end nor duration; give one of them, such as duration 90m"}}
	case w.Duration == "":
		return nil
	}
	var d change.Duration
	if err := d.UnmarshalText([]byte(w.Duration)); err != nil {
		return []mistake{{"spec.window.duration", err.Error()}}
	}
	if d.Std() < time.Second {
		return []mistake{{"spec.window.duration", fmt.Sprintf("is %s; expected a second or more", d)}}
	}
	return nil
}
