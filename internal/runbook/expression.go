package runbook

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"

	"github.com/changectl/changectl/internal/change"
)

// costLimit bounds the work of one evaluation, in CEL's units. A condition over
// a thousand rows takes some ten thousand.
const costLimit = 1_000_000

// cacheSize bounds the compiled expressions that are kept; beyond it the cache
// starts anew.
const cacheSize = 4096

// roots are the variables that hold what the change is about.
var roots = map[string]*cel.Type{
	"parameters": cel.MapType(cel.StringType, cel.DynType),
	"systems":    cel.MapType(cel.StringType, cel.DynType),
	"steps":      cel.MapType(cel.StringType, cel.DynType),
	"secrets":    cel.MapType(cel.StringType, cel.StringType),
	"change":     cel.MapType(cel.StringType, cel.DynType),
}

// seen are the variables that an expect may use, by step kind.
var seen = map[string]map[string]*cel.Type{
	"command":  {"exit": cel.IntType, "stdout": cel.StringType, "stderr": cel.StringType, "json": cel.DynType},
	"http":     {"status": cel.IntType, "body": cel.StringType, "json": cel.DynType, "headers": cel.MapType(cel.StringType, cel.StringType)},
	"sql":      {"rows": cel.ListType(cel.DynType), "row": cel.MapType(cel.StringType, cel.DynType), "count": cel.IntType},
	"activity": {"result": cel.DynType},
}

var (
	changeFields = []string{"id", "reason", "revision", "submitter", "title", "type", "window"}
	stepFields   = []string{"outcome", "output", "values"}
)

// expression is compiled CEL together with what it names.
type expression struct {
	program cel.Program
	bool    bool                // it may yield a boolean
	names   map[string][]string // root -> the keys that are named under it, in order
	loose   map[string]bool     // roots that are used other than by a key in plain sight
	fields  []string            // what is asked of steps, sorted
}

// later reports whether the expression needs what is known only at run time.
func (e *expression) later() bool {
	return e.uses("steps") || e.uses("secrets") || e.uses("change")
}

func (e *expression) uses(root string) bool { return len(e.names[root]) > 0 || e.loose[root] }

var compiled = struct {
	sync.Mutex
	envs        map[string]*cel.Env
	expressions map[string]*expression
}{envs: map[string]*cel.Env{}, expressions: map[string]*expression{}}

// compile checks CEL over the roots and, in a condition, the variables vars.
// Secrets are for arguments alone: a condition does not see them.
func compile(text string, condition bool, vars []string) (*expression, error) {
	env := "text"
	if condition {
		env = "condition " + strings.Join(vars, " ")
	}
	compiled.Lock()
	defer compiled.Unlock()
	key := env + "\x00" + text
	if e, ok := compiled.expressions[key]; ok {
		return e, nil
	}
	environment, err := environmentFor(env, condition, vars)
	if err != nil {
		return nil, err
	}
	e, err := compileIn(environment, text)
	if err != nil {
		return nil, err
	}
	if len(compiled.expressions) >= cacheSize {
		clear(compiled.expressions)
	}
	compiled.expressions[key] = e
	return e, nil
}

func environmentFor(key string, condition bool, vars []string) (*cel.Env, error) {
	if env, ok := compiled.envs[key]; ok {
		return env, nil
	}
	options := []cel.EnvOption{ext.Strings(), cel.CrossTypeNumericComparisons(true), cel.EnableIdentifierEscapeSyntax()}
	for _, name := range slices.Sorted(maps.Keys(roots)) {
		if !condition || name != "secrets" {
			options = append(options, cel.Variable(name, roots[name]))
		}
	}
	for _, name := range vars {
		options = append(options, cel.Variable(name, typeOf(name)))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("prepare expressions: %w", err)
	}
	if len(compiled.envs) >= 64 {
		clear(compiled.envs)
	}
	compiled.envs[key] = env
	return env, nil
}

// typeOf returns the type of a variable of expect; no name has two.
func typeOf(name string) *cel.Type {
	for _, vars := range seen {
		if t, ok := vars[name]; ok {
			return t
		}
	}
	return cel.DynType
}

func compileIn(env *cel.Env, text string) (*expression, error) {
	parsed, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, complaint(env, text, issues)
	}
	program, err := env.Program(parsed, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		return nil, change.Invalid("%q cannot be prepared: %w", text, err)
	}
	out := parsed.OutputType()
	e := &expression{
		program: program, names: map[string][]string{}, loose: map[string]bool{},
		bool: out.IsExactType(cel.BoolType) || out.IsExactType(cel.DynType),
	}
	e.survey(parsed.NativeRep().Expr())
	return e, nil
}

var dashed = regexp.MustCompile(`\bsteps\.([a-z0-9]+(?:-[a-z0-9]+)+)`)

func complaint(env *cel.Env, text string, issues *cel.Issues) error {
	first := issues.Errors()[0]
	what := strings.TrimSuffix(first.Message, " (in container '')")
	err := change.Invalid("%q, character %d: %s", text, first.Location.Column()+1, what)
	if m := dashed.FindStringSubmatch(text); m != nil {
		return err.WithHint("a name with dashes is written steps['%s']", m[1])
	}
	if strings.HasPrefix(what, "undeclared reference to") {
		var known []string
		for _, v := range env.Variables() {
			if !strings.Contains(v.Name(), ".") && v.Type().Kind() != types.TypeKind {
				known = append(known, v.Name())
			}
		}
		slices.Sort(known)
		return err.WithHint("known here are %s", strings.Join(known, ", "))
	}
	return err
}

// survey notes which keys of the roots an expression names.
func (e *expression) survey(root ast.Expr) {
	direct := map[int64]bool{} // identifiers that stand under a key in plain sight
	note := func(operand ast.Expr, key string) {
		if operand.Kind() == ast.IdentKind && roots[operand.AsIdent()] != nil {
			direct[operand.ID()] = true
			name := operand.AsIdent()
			if !slices.Contains(e.names[name], key) {
				e.names[name] = append(e.names[name], key)
			}
		} else if base, _, ok := keyed(operand); ok && base.Kind() == ast.IdentKind && base.AsIdent() == "steps" && !slices.Contains(e.fields, key) {
			e.fields = append(e.fields, key)
		}
	}
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(x ast.Expr) {
		if operand, key, ok := keyed(x); ok {
			note(operand, key)
		}
		if x.Kind() == ast.IdentKind && roots[x.AsIdent()] != nil && !direct[x.ID()] {
			e.loose[x.AsIdent()] = true
		}
	}))
}

// keyed takes a.key and a["key"] apart.
func keyed(x ast.Expr) (operand ast.Expr, key string, ok bool) {
	switch x.Kind() { //nolint:exhaustive // nothing else has a key
	case ast.SelectKind:
		return x.AsSelect().Operand(), x.AsSelect().FieldName(), true
	case ast.CallKind:
		c := x.AsCall()
		if c.FunctionName() != operators.Index || len(c.Args()) != 2 || c.Args()[1].Kind() != ast.LiteralKind {
			return nil, "", false
		}
		key, ok := c.Args()[1].AsLiteral().(types.String)
		return c.Args()[0], string(key), ok
	}
	return nil, "", false
}

// eval runs the expression over what s and vars hold.
func (e *expression) eval(text string, s Scope, vars map[string]any) (any, error) {
	activation, err := s.activation(e)
	if err != nil {
		return nil, err
	}
	maps.Copy(activation, vars)
	v, _, err := e.program.Eval(activation)
	if err != nil {
		return nil, change.Invalid("%q: %s", text, explain(err.Error()))
	}
	n, err := native(v)
	if err != nil {
		return nil, change.Invalid("%q: %w", text, err)
	}
	return n, nil
}

func explain(message string) string {
	if strings.Contains(message, "cost limit exceeded") {
		return fmt.Sprintf("takes more than %d units of work; make it simpler or let the query do the work", costLimit)
	}
	return message
}
