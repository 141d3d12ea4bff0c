package identity

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// options reads the comma-separated options of a line; keywords in any case,
// values between double quotes.
func (s *signer) options(text string) error {
	seen := map[string]bool{}
	for _, option := range splitOptions(text) {
		name, value, _ := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if seen[name] {
			return fmt.Errorf("gives the option %s twice", name)
		}
		seen[name] = true
		if err := s.option(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *signer) option(name, value string) (err error) {
	switch name {
	case "cert-authority":
		s.authority = true
	case "namespaces":
		s.namespaces, err = unquote(name, value)
	case "valid-after":
		s.after, err = parseMoment(name, value)
	case "valid-before":
		s.before, err = parseMoment(name, value)
	default:
		err = fmt.Errorf("has the unknown option %q; expected cert-authority, namespaces, valid-after or valid-before, or the type of a key", name)
	}
	return err
}

func splitOptions(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && r == ','
	})
}

func unquote(name, value string) (string, error) {
	v, opened := strings.CutPrefix(value, `"`)
	v, closed := strings.CutSuffix(v, `"`)
	if !opened || !closed || v == "" || strings.Contains(v, `"`) {
		return "", fmt.Errorf("has %s=%s; expected a value between double quotes", name, value)
	}
	return v, nil
}

var momentPattern = regexp.MustCompile(`^(\d{8}|\d{12}|\d{14})(Z?)$`)

// parseMoment reads YYYYMMDD[HHMM[SS]]Z. Without Z, OpenSSH would take the zone of
// whatever machine looks, so that is refused.
func parseMoment(name, value string) (time.Time, error) {
	v, err := unquote(name, value)
	if err != nil {
		return time.Time{}, err
	}
	m := momentPattern.FindStringSubmatch(v)
	if m == nil {
		return time.Time{}, fmt.Errorf("has %s=%q; expected YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ", name, v)
	}
	if m[2] == "" {
		return time.Time{}, fmt.Errorf("has %s=%q without a Z at its end; a time without it means something else on every machine", name, v)
	}
	t, err := time.Parse("20060102150405"[:len(m[1])], m[1])
	if err != nil {
		return time.Time{}, fmt.Errorf("has %s=%q, which is no date: %w", name, v, err)
	}
	return t, nil
}
