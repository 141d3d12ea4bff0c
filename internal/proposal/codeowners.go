package proposal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hmarr/codeowners"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// CodeOwnersFiles are the places of CODEOWNERS; the first that is there holds. Source:
// https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners.
var CodeOwnersFiles = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// CodeOwners is a CODEOWNERS file.
type CodeOwners struct {
	file  string
	rules codeowners.Ruleset
}

// maxCodeOwnersLine is the longest line, in bytes: well below where the library stops
// to read without a word.
const maxCodeOwnersLine = 16 << 10

// ParseCodeOwners reads a CODEOWNERS file, strictly: GitHub passes over a line that it
// does not understand; here it is a document.Problem.
func ParseCodeOwners(file string, b []byte) (*CodeOwners, error) {
	if len(b) > document.MaxBytes {
		return nil, &document.Problem{File: file, Line: 1, Column: 1, Message: "is larger than 256 KiB"}
	}
	var problems []error
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, len(b)+1)
	for n := 1; lines.Scan(); n++ {
		if fault := lineFault(lines.Text()); fault != "" {
			problems = append(problems, &document.Problem{File: file, Line: n, Column: 1, Message: fault})
		}
	}
	if err := errors.Join(append(problems, lines.Err())...); err != nil {
		return nil, err
	}
	rules, err := codeowners.ParseFile(bytes.NewReader(b))
	if err != nil {
		return nil, codeOwnersProblem(file, err)
	}
	return &CodeOwners{file, rules}, nil
}

// lineFault says what is wrong with a line of which the library thinks otherwise.
func lineFault(line string) string {
	text := strings.Trim(line, " \t\r")
	switch {
	case len(line) > maxCodeOwnersLine:
		return "the line is too long"
	case pathFault(strings.ReplaceAll(strings.ReplaceAll(text, "\t", " "), `\`, "/")) != "" && text != "":
		return "the line holds characters that cannot be seen"
	case text == "/" || strings.HasPrefix(text, "/ ") || strings.HasPrefix(text, "/\t"):
		return "the pattern / matches nothing; write * for everything"
	}
	if at := strings.IndexByte(text, '#'); at > 0 && text[at-1] != ' ' && text[at-1] != '\t' {
		return "a comment must stand after a space"
	}
	return ""
}

var lineOfRule = regexp.MustCompile(`^line (\d+): `)

func codeOwnersProblem(file string, err error) error {
	p := &document.Problem{File: file, Line: 1, Column: 1, Message: err.Error()}
	if m := lineOfRule.FindStringSubmatch(p.Message); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Message = strings.TrimPrefix(p.Message, m[0])
	}
	return p
}

// ReadCodeOwners reads the CODEOWNERS file of a tree, nil where there is none.
func ReadCodeOwners(tree []Entry, read func(Entry) ([]byte, error)) (*CodeOwners, error) {
	for _, file := range CodeOwnersFiles {
		b, err := readAt(file, tree, read)
		if change.KindOf(err) == change.KindNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		return ParseCodeOwners(file, b)
	}
	return nil, nil
}

// Owners returns any of whom may approve a path, none where nobody has to. An owner
// whom the catalog does not know is an error.
func (o *CodeOwners) Owners(path string, c Catalog) ([]change.Ref, error) {
	if o == nil {
		return nil, nil
	}
	rule, err := o.rules.Match(path)
	if err != nil {
		return nil, fmt.Errorf("match %q with %s: %w", path, o.file, err)
	}
	if rule == nil {
		return nil, nil
	}
	var all []change.Ref
	for _, owner := range rule.Owners {
		ref, err := refOf(owner, c)
		if err != nil {
			return nil, fmt.Errorf("%s:%d names %s: %w", o.file, rule.LineNumber, owner, err)
		}
		all = append(all, ref)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func refOf(owner codeowners.Owner, c Catalog) (change.Ref, error) {
	if owner.Type == codeowners.TeamOwner {
		return c.GroupByTeam(owner.Value)
	}
	name := owner.Value
	if owner.Type == codeowners.UsernameOwner {
		name = "github:" + name
	}
	p, err := c.PersonByPrincipal(name)
	return p.Ref, err
}
