package inventory

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/change"
)

const (
	longestName = 63  // of an entity, as Backstage has it
	longestText = 256 // of a title or an annotation, in characters
)

// letters spells out what has a usual spelling in the letters that names may have.
var letters = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "o", "å", "a", "à", "a", "á", "a", "â", "a", "ã", "a",
	"ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n",
	"ò", "o", "ó", "o", "ô", "o", "õ", "o", "ù", "u", "ú", "u", "û", "u", "ý", "y", "ł", "l", "&", "-and-",
)

// nameOf makes a name that a reference may have: small letters and digits, with
// single -, _ or . between them. It is empty where the text has neither.
func nameOf(text string) string {
	var b strings.Builder
	var between rune
	for _, r := range letters.Replace(strings.ToLower(text)) {
		switch {
		case (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9'):
			if between != 0 && b.Len() > 0 {
				b.WriteRune(between)
			}
			between = 0
			b.WriteRune(r)
		case between != 0:
		case r == '_' || r == '.':
			between = r
		default:
			between = '-'
		}
	}
	return cut(b.String(), longestName)
}

func cut(name string, longest int) string {
	if len(name) > longest {
		name = name[:longest]
	}
	return strings.TrimRight(name, "-_.")
}

// clean makes one line of a text that stands for itself in any file: valid UTF-8,
// nothing that does not print, not longer than a title needs to be.
func clean(text string) string {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError { // which is what a byte that is not UTF-8 reads as
			return ' '
		}
		return r
	}, text)
	line = strings.Join(strings.Fields(line), " ")
	if utf8.RuneCountInString(line) > longestText {
		line = string([]rune(line)[:longestText-1]) + "…"
	}
	return line
}

// names gives out references, each once.
type names struct {
	taken map[change.Ref]string // by whom
	notes *notes
}

// wanted is a name that somebody asks for.
type wanted struct {
	kind string
	text string // as it stands in the source
	// instead is taken where text leaves nothing.
	instead string
	// more lists what may be appended to tell it from others of its name.
	more []string
	who  string // for notes
}

// give returns a reference that nobody else has, and notes how it differs from what
// was asked for.
func (n *names) give(w wanted) change.Ref {
	name := nameOf(w.text)
	if name == "" {
		name = cut(nameOf(w.instead), longestName)
	}
	ref := change.Ref(w.kind + ":" + name)
	first, clash := n.taken[ref]
	for i := 0; clash; i++ {
		suffix := fmt.Sprintf("-%d", i) // where somebody else's name looks like one of ours
		if i < len(w.more) {
			if suffix = "-" + nameOf(w.more[i]); suffix == "-" {
				continue
			}
		}
		ref = change.Ref(w.kind + ":" + cut(name, longestName-len(suffix)) + suffix)
		_, clash = n.taken[ref]
	}
	n.taken[ref] = w.who
	n.compare(w, ref.Name(), first)
	return ref
}

func (n *names) compare(w wanted, name, first string) {
	text := strings.TrimSpace(w.text)
	switch {
	case first != "":
		n.notes.alter("another one has the same name: something was appended", "%s, as %s: %s", w.who, first, name)
	case name == text:
	case nameOf(text) == "":
		n.notes.alter("it has no name: one was made", "%s: %s", w.who, name)
	case name == strings.ToLower(text):
		n.notes.alter("the name was put into small letters", "%s: %s", w.who, name)
	case len(nameOf(text)) >= longestName:
		n.notes.alter("the name was cut to 63 characters", "%s: %s", w.who, name)
	default:
		n.notes.alter("the name has characters that references must not have", "%s: %s", w.who, name)
	}
}
