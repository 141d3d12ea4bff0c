package proposal

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/change"
)

// Verb is what a comment asks for.
type Verb string

// The verbs, in the order in which they are told.
const (
	VerbPlan    Verb = "plan"
	VerbSubmit  Verb = "submit"
	VerbApprove Verb = "approve"
	VerbReject  Verb = "reject"
	VerbAbort   Verb = "abort"
	VerbStatus  Verb = "status"
	VerbHelp    Verb = "help"
)

// Verbs lists every verb.
var Verbs = []Verb{VerbPlan, VerbSubmit, VerbApprove, VerbReject, VerbAbort, VerbStatus, VerbHelp}

// commandWord is what the line of a command begins with.
const commandWord = "/change"

// Command is what a comment asks for.
type Command struct {
	Verb Verb `json:"verb"`
	// SHA is the commit that VerbApprove speaks of, in full and in small letters.
	SHA string `json:"sha,omitempty"`
	// Reason is what VerbReject and VerbAbort give, as it was written.
	Reason string `json:"reason,omitempty"`
}

const (
	// MaxComment is the largest comment that is read, in bytes.
	MaxComment = 64 << 10
	// MaxReason is the longest reason, in characters.
	MaxReason = 500
	// MaxAge is how long after a comment what it asks for may still be done.
	MaxAge = 24 * time.Hour
	// clockSkew is how far ahead of ours the forge's clock may be.
	clockSkew = 5 * time.Minute
)

// ParseCommand returns the command in a comment's body, and whether there is one. It
// stands alone on its line, from the very start, in plain text: not in a quote, in code
// or in HTML. The errors are Invalid and written for whoever commented.
func ParseCommand(body string) (Command, bool, error) {
	if len(body) > MaxComment {
		if !strings.Contains(body, commandWord) {
			return Command{}, false, nil
		}
		return Command{}, false, change.Invalid("the comment is larger than 64 KiB and is not read; write the command in a comment of its own")
	}
	switch lines := commandLines(body); len(lines) {
	case 0:
		return Command{}, false, nil
	case 1:
		c, err := parseLine(lines[0])
		return c, err == nil, err
	default:
		return Command{}, false, change.Invalid("the comment holds %d commands; write each in a comment of its own", len(lines))
	}
}

// commandLines returns the lines of plain text that are commands or pass for one.
func commandLines(body string) []string {
	s := plainLines{}
	var all []string
	body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
	for line := range strings.SplitSeq(body, "\n") {
		if s.next(line) && addressed(line) {
			all = append(all, line)
		}
	}
	return all
}

var errLookalike = change.Invalid("the command holds characters that look like others, or that cannot be seen, and was not read").
	WithHint("write it again by hand, in plain letters")

// parseLine reads a line that is addressed to changectl.
func parseLine(line string) (Command, error) {
	word, rest := cut(line)
	if deceptive(line) {
		return Command{}, errLookalike
	}
	if word != commandWord {
		return Command{}, change.Invalid("write %s in small letters", commandWord)
	}
	verb, rest := cut(rest)
	c := Command{Verb: Verb(verb)}
	if !ascii(verb) {
		return Command{}, errLookalike
	}
	var err error
	switch c.Verb {
	case VerbPlan, VerbSubmit, VerbStatus, VerbHelp:
		if rest != "" {
			return Command{}, change.Invalid("%s %s takes nothing after it", commandWord, c.Verb)
		}
		return c, nil
	case VerbApprove:
		c.SHA, err = commit(rest)
	case VerbReject, VerbAbort:
		c.Reason, err = reason(c.Verb, rest)
	default:
		return Command{}, change.Invalid("%s does not say what to do", commandWord).WithHint("%s", choices())
	}
	if err != nil {
		return Command{}, err
	}
	return c, nil
}

func choices() string {
	words := make([]string, len(Verbs))
	for i, v := range Verbs {
		words[i] = string(v)
		switch v { //nolint:exhaustive // the others take nothing
		case VerbApprove:
			words[i] += " SHA"
		case VerbReject, VerbAbort:
			words[i] += " REASON"
		}
	}
	return "write " + commandWord + " and one of " + strings.Join(words, ", ")
}

// cut takes the first word off a line.
func cut(s string) (word, rest string) {
	s = strings.Trim(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.Trim(s[i:], " \t")
	}
	return s, ""
}

var (
	commitPattern = regexp.MustCompile(`^[0-9a-fA-F]{7,64}$`)
	wholeLengths  = []int{40, 64} // of SHA-1 and SHA-256
)

func commit(rest string) (string, error) {
	switch {
	case !ascii(rest):
		return "", errLookalike
	case rest == "":
		return "", change.Invalid("%s approve needs the commit that you have looked at", commandWord).WithHint("copy all 40 digits of it")
	case !commitPattern.MatchString(rest):
		return "", change.Invalid("what follows %s approve is not a commit", commandWord).WithHint("copy all 40 digits of it, and nothing else")
	case !slices.Contains(wholeLengths, len(rest)):
		return "", change.Invalid("the commit has %d digits; a short one may come to mean another commit", len(rest)).WithHint("copy all 40 digits of it")
	}
	return strings.ToLower(rest), nil
}

func reason(v Verb, rest string) (string, error) {
	rest = strings.TrimSpace(rest)
	switch n := utf8.RuneCountInString(rest); {
	case rest == "":
		return "", change.Invalid("%s %s needs a reason", commandWord, v).WithHint("write it on the same line")
	case n > MaxReason:
		return "", change.Invalid("the reason is %d characters long; at most %d are kept", n, MaxReason)
	case strings.ContainsFunc(rest, unicode.IsControl):
		return "", change.Invalid("the reason holds a control character")
	}
	return rest, nil
}

// Eligible reports whether what a comment asks for may be done at now: it must be as a
// person first wrote it, a short while ago, and with no App in between. The errors are
// Denied.
func Eligible(c Comment, now time.Time) error {
	switch {
	case c.Mine:
		return change.Denied("the comment is changectl's own")
	case !c.User.Human():
		return change.Denied("commands are for persons; the comment is by an account that is none")
	case c.App != "":
		return change.Denied("the comment was made through an App; commands are for persons").WithHint("write it at GitHub yourself")
	case c.CreatedAt.IsZero() || c.Edited():
		return change.Denied("the comment was edited; commands are read as they were first written").WithHint("write a new comment")
	case now.Sub(c.CreatedAt) > MaxAge:
		return change.Denied("the comment is older than 24 hours").WithHint("write a new comment")
	case c.CreatedAt.Sub(now) > clockSkew:
		return change.Denied("the comment is of a time that is to come")
	}
	return nil
}
