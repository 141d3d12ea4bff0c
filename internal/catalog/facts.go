package catalog

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/document"
)

// ours begins the labels and annotations that are read strictly.
const ours = "changectl.dev/"

// Backstage's annotations for a user's login and a group's team.
const (
	github     = "github.com/user-login"
	githubTeam = "github.com/team-slug"
)

// fact is a label or annotation of ours. A name that ends with a dot is followed
// by one more name. read returns what is wrong with the value, or "".
type fact struct {
	name string
	on   []string
	read func(s *source, v value) string
}

type value struct {
	suffix, text string
	node         *yaml.Node
	path         string
}

var facts = []fact{
	{"tier", systemKinds, readTier},
	{"redundancy-group", systemKinds, readGroup},
	{"redundancy-min", systemKinds, readMinimum},
	{"redundancy-within", systemKinds, readWithin},
	{"reached-through", systemKinds, readThrough},
	{"contact.", append(slices.Clone(systemKinds), kindGroup), readContact},
	{"endpoint.", systemKinds, readEndpoint},
	{"site", systemKinds, keep(func(e *Entity) *string { return &e.Site })},
	{"cluster", systemKinds, keep(func(e *Entity) *string { return &e.Cluster })},
	{"region", systemKinds, keep(func(e *Entity) *string { return &e.Region })},
	{"availability-target", systemKinds, readAvailability},
	{"maintenance-window", systemKinds, readMaintenance},
	{"known-as", systemKinds, readKnownAs},
	{"principals", []string{kindUser}, readPrincipals},
}

func (s *source) readFacts() {
	seen := map[string]bool{}
	for _, path := range []string{"metadata.annotations", "metadata.labels"} {
		s.pairs(path, func(key, n *yaml.Node) {
			at := path + "." + key.Value
			name, mine := strings.CutPrefix(key.Value, ours)
			switch {
			case key.Value == github && s.kind == kindUser:
				s.entity.GitHub = n.Value
			case key.Value == githubTeam && s.kind == kindGroup:
				s.entity.GitHubTeam = n.Value
			case !mine:
			case seen[name]:
				s.fail(key, at, "is given as an annotation too; keep one of them")
			default:
				seen[name] = true
				s.readFact(name, key, value{node: n, path: at})
			}
		})
	}
}

func (s *source) readFact(name string, key *yaml.Node, v value) {
	f, suffix := findFact(name)
	switch {
	case f == nil:
		s.fail(key, v.path, "is not known; known are %s", knownFacts())
		return
	case !slices.Contains(f.on, s.kind):
		s.fail(key, v.path, "says nothing on a %s; it belongs on %s", s.kind, strings.Join(f.on, ", "))
		return
	case v.node.Kind != yaml.ScalarNode || strings.TrimSpace(v.node.Value) == "":
		s.fail(v.node, v.path, "is %s; expected text", document.Describe(v.node))
		return
	}
	v.suffix, v.text = suffix, strings.TrimSpace(v.node.Value)
	if wrong := f.read(s, v); wrong != "" {
		s.fail(v.node, v.path, "%s", wrong)
	}
}

var suffixPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func findFact(name string) (*fact, string) {
	for i, f := range facts {
		suffix, ok := strings.CutPrefix(name, f.name)
		if !ok {
			continue
		}
		if named := strings.HasSuffix(f.name, "."); (named && suffixPattern.MatchString(suffix)) || (!named && suffix == "") {
			return &facts[i], suffix
		}
	}
	return nil, ""
}

func knownFacts() string {
	names := make([]string, len(facts))
	for i, f := range facts {
		names[i] = ours + f.name
		if strings.HasSuffix(f.name, ".") {
			names[i] += "NAME"
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func keep(field func(*Entity) *string) func(*source, value) string {
	return func(s *source, v value) string {
		*field(&s.entity) = v.text
		return ""
	}
}

func readTier(s *source, v value) string {
	n, err := strconv.Atoi(v.text)
	if err != nil || n < 1 || n > 4 {
		return fmt.Sprintf("is %q; expected a tier from \"1\", the most critical, to \"4\"", v.text)
	}
	s.entity.Tier = n
	return ""
}

var groupPattern = regexp.MustCompile(`^[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*$`)

func readGroup(s *source, v value) string {
	if !groupPattern.MatchString(v.text) {
		return fmt.Sprintf("is %q; expected a name of letters and digits, with -, _ or . between them", v.text)
	}
	s.entity.Group = v.text
	return ""
}

func readMinimum(s *source, v value) string {
	n, err := strconv.Atoi(v.text)
	if err != nil || n < 1 {
		return fmt.Sprintf("is %q; expected how many members must stay up, \"1\" or more", v.text)
	}
	s.entity.MustRun = n
	return ""
}

// deepest is the most redundancy groups around one.
const deepest = 8

func readWithin(s *source, v value) string {
	for _, part := range list(v.text) {
		name, text, _ := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || !groupPattern.MatchString(name) {
			return fmt.Sprintf("holds %q; expected the group around this one with how many of its members must stay up, then the group around that: orders-eu=1, orders-world=1", part)
		}
		s.entity.Within = append(s.entity.Within, Outer{name, n})
	}
	if len(s.entity.Within) > deepest {
		s.entity.Within = nil
		return fmt.Sprintf("names more than %d groups, one around the other", deepest)
	}
	return ""
}

func readMaintenance(s *source, v value) string {
	s.entity.Maintenance = list(strings.ToLower(v.text))
	return ""
}

func readKnownAs(s *source, v value) string {
	s.entity.KnownAs = list(v.text)
	return ""
}

func readThrough(s *source, v value) string {
	for _, text := range list(v.text) {
		s.refer(reachedThrough, v.node, v.path, text)
	}
	return ""
}

func readContact(s *source, v value) string {
	if s.entity.Contacts == nil {
		s.entity.Contacts = map[string]string{}
	}
	s.entity.Contacts[v.suffix] = v.text
	if lower := strings.ToLower(v.text); strings.HasPrefix(lower, "user:") || strings.HasPrefix(lower, "group:") {
		delete(s.entity.Contacts, v.suffix)
		role := contact
		role.key = v.suffix
		s.refer(role, v.node, v.path, v.text)
	}
	return ""
}

var (
	// userinfo finds what may be a password in a URL that cannot be parsed, such as
	// one with a slash in it.
	userinfo = regexp.MustCompile(`//[^/@\s]*:\S*@`)
	// setting finds one in a list of settings, or in the query of a URL.
	setting = regexp.MustCompile(`(?i)(^|[\s?&;])(password|passwd|pwd|pass|secret|token|api_?key|sslpassword)\s*=`)
)

func holdsSecret(address string) bool {
	if setting.MatchString(address) {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return userinfo.MatchString(address)
	}
	if u.User == nil {
		return false
	}
	_, set := u.User.Password()
	return set
}

func readEndpoint(s *source, v value) string {
	if holdsSecret(v.text) {
		return "holds a password; write the address alone and keep the secret in a file or the environment of the worker"
	}
	if s.entity.Endpoints == nil {
		s.entity.Endpoints = map[string]string{}
	}
	s.entity.Endpoints[v.suffix] = v.text
	return ""
}

func readAvailability(s *source, v value) string {
	n, err := strconv.ParseFloat(strings.TrimSuffix(v.text, "%"), 64)
	share := n > 0 && n <= 100 // which NaN is not
	if err != nil || !strings.HasSuffix(v.text, "%") || !share {
		return fmt.Sprintf("is %q; expected a share of time such as \"99.9%%\"", v.text)
	}
	s.entity.Availability = v.text
	return ""
}

func readPrincipals(s *source, v value) string {
	s.entity.Principals = list(v.text)
	return ""
}

func list(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
