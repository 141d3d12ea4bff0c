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

// Missing says what of a request need not be there, because it is not submitted as it is.
type Missing struct {
	Start bool // of the window: a free slot of its length is looked for
	Words bool // title and reason: only the time is asked for
}

// tidy takes blanks from the ends of single lines, fills in the type, and writes
// references and IDs as everybody writes them.
func tidy(r change.Request) change.Request {
	for _, s := range []*string{&r.Title, &r.Reason, &r.Runbook, &r.Window.Start, &r.Window.End, &r.Window.Duration, &r.Window.Zone} {
		*s = strings.TrimSpace(*s)
	}
	if r.Type == "" {
		r.Type = change.Normal
	}
	if ref, err := person(r.Controller); err == nil {
		r.Controller = ref
	}
	for i, id := range r.Exceptions {
		if known, err := change.ParseFreezeID(string(id)); err == nil {
			r.Exceptions[i] = known
		}
	}
	return r
}

func person(r change.Ref) (change.Ref, error) {
	ref, err := change.ParseRef(string(r), "user")
	if err == nil && ref.Kind() != "user" {
		err = change.Invalid("%q is not a person", r)
	}
	return ref, err
}

// mistakes lists all that is wrong with a request, by field.
func mistakes(r change.Request, may Missing) []mistake {
	var all []mistake
	for _, required := range []struct {
		field, value, hint string
		not                bool
	}{
		{"metadata.title", r.Title, "say in a line what is done, such as 'PostgreSQL 15.20 on the orders pair'", may.Words},
		{"spec.reason", r.Reason, "say why it is done; it is kept in the log", may.Words},
		{"spec.runbook", r.Runbook, "name one; changectl runbook list shows them", false},
		{"spec.window.start", r.Window.Start, "write a local time such as '2027-03-06T23:00'", may.Start && r.Window.End == ""},
	} {
		if required.value == "" && !required.not {
			all = append(all, mistake{required.field, "is missing; " + required.hint})
		}
	}
	all = append(all, titleMistakes(r.Title)...)
	if !slices.Contains(change.Types, r.Type) {
		all = append(all, mistake{"spec.type", fmt.Sprintf("is %q; expected standard, normal or emergency", r.Type)})
	}
	all = append(all, controllerMistakes(r)...)
	all = append(all, exceptionMistakes(r.Exceptions)...)
	return append(all, lengthMistakes(r.Window)...)
}

func controllerMistakes(r change.Request) []mistake {
	if r.Controller == "" {
		return nil
	}
	if _, err := person(r.Controller); err != nil {
		return []mistake{{"spec.controller", fmt.Sprintf("is %q; name the person in charge, such as user:dave", r.Controller)}}
	}
	if r.Type != change.Emergency {
		return []mistake{{"spec.controller", fmt.Sprintf("is given for a change of type %s; only an emergency has a controller", r.Type)}}
	}
	return nil
}

func exceptionMistakes(list []change.ID) []mistake {
	var all []mistake
	for i, id := range list {
		field := fmt.Sprintf("spec.exceptions[%d]", i)
		if _, err := change.ParseFreezeID(string(id)); err != nil {
			all = append(all, mistake{field, err.Error()})
		} else if slices.Contains(list[:i], id) {
			all = append(all, mistake{field, fmt.Sprintf("names %s a second time; once is enough", id)})
		}
	}
	return all
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
