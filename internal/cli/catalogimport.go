package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/inventory"
	"github.com/changectl/changectl/internal/report"
)

type importOptions struct {
	env      *Env
	file     string
	owner    string
	ownerMap []string
	out      string
	groups   bool
	strict   bool
	all      bool

	// of a NetBox
	sites       []string
	uplinks     string
	regionLevel int

	// of a table
	columns   []string
	delimiter string
	lists     string
	kind      string
	beside    string
	lenient   bool
}

func newCatalogImport(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make a catalog of what is known elsewhere",
		Long: `Make entities of the catalog out of a NetBox or a table, without a server. The
YAML is printed, or written into files with --out, to be reviewed and kept in git
beside the rest of the catalog. What could not be taken over, or would have to be
guessed, is listed on standard error; with --strict it is an error.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newImportNetBox(env, runImportNetBox), newImportCSV(env, runImportCSV))
	return cmd
}

func newImportNetBox(env *Env, run func(context.Context, *importOptions) error) *cobra.Command {
	o := &importOptions{env: env}
	var levels []string
	for _, level := range inventory.DefaultUplinks {
		levels = append(levels, strings.Join(level, "="))
	}
	cmd := &cobra.Command{
		Use:   "netbox FILE",
		Short: "Make a catalog of a NetBox",
		Long: `Make a catalog of a dump of NetBox's database (manage.py dumpdata) or of answers of
its API, any number of them in one file; - is standard input. Devices, virtual
machines, circuits, power feeds and panels become resources; clusters become systems.

A device depends on what feeds it. Of two devices that are cabled, the one whose role
stands lower in --uplink-roles depends on the other, and on the patch panels and
circuits between them; roles that are not listed are below all others, and equal ranks
decide nothing. Interfaces for management only are ways in. Two power sources of a
device, or the two ends of a LAG, become a redundancy group where nothing needs one of
them alone. Roles, by their slugs, if no others are given:
  ` + strings.Join(levels, ",\n  "),
		Example: `  changectl catalog import netbox dump.json --owner group:network --owner-map acme=group:acme-it --out catalog/netbox`,
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.common(cmd, "a tenant (slug or name)")
	f := cmd.Flags()
	f.StringArrayVar(&o.sites, "site", nil, "only what stands at this site (slug or name); may be given several times")
	f.StringVar(&o.uplinks, "uplink-roles", "", "roles of devices that others are connected by, from the top: commas between ranks, = between equals")
	f.IntVar(&o.regionLevel, "region-level", 0, "how deep the regions are nested that systems get, from 1 (default the region of the site itself)")
	return cmd
}

func newImportCSV(env *Env, run func(context.Context, *importOptions) error) *cobra.Command {
	o := &importOptions{env: env}
	cmd := &cobra.Command{
		Use:   "csv FILE",
		Short: "Make a catalog of a table",
		Long: `Make a catalog of a table in CSV, of which the first line holds headings; - is standard
input. Each row becomes a system. --columns says which column holds what:
  ` + strings.Join(inventory.CSVFields[:8], ", ") + `,
  ` + strings.Join(inventory.CSVFields[8:], ", ") + `.
Fields that are not named are taken from columns of their own names. The columns
depends-on and reached-through hold the names of other rows, or references.`,
		Example: `  changectl catalog import csv servers.csv --columns name=Hostname,owner=Team,depends-on=Needs --delimiter ';'`,
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.common(cmd, "a text in the column of owners")
	f := cmd.Flags()
	f.StringSliceVar(&o.columns, "columns", nil, "FIELD=HEADING, separated by commas")
	f.StringVar(&o.delimiter, "delimiter", ",", `between columns: one character, or \t`)
	f.StringVar(&o.lists, "list-separator", " ,;|", "the characters that may stand between several values of a cell")
	f.StringVar(&o.kind, "kind", "resource", "resource, component, api, system or domain")
	f.StringVar(&o.beside, "beside", "", "a catalog (file or directory) whose entities rows may refer to as well")
	f.BoolVar(&o.lenient, "lenient", false, "leave references to nothing out and list them")
	return cmd
}

func (o *importOptions) common(cmd *cobra.Command, whose string) {
	f := cmd.Flags()
	f.StringVar(&o.owner, "owner", "", "who answers for what nobody else answers for, such as group:network")
	f.StringArrayVar(&o.ownerMap, "owner-map", nil, "NAME=group:OWNER, where NAME is "+whose+"; may be given several times")
	f.StringVar(&o.out, "out", "", "directory to write into, or a file *.yaml; replaces what an import wrote there, and nothing else")
	f.BoolVar(&o.groups, "with-groups", false, "write the groups of the owners too, for a catalog that does not have them")
	f.BoolVar(&o.strict, "strict", false, "write nothing if anything has to be left out (exit code 1)")
	f.BoolVar(&o.all, "all", false, "list everything that was left out or altered, not the first few")
}

func runImportNetBox(_ context.Context, o *importOptions) error {
	owner, owners, err := o.owners()
	if err != nil {
		return err
	}
	var levels [][]string
	for level := range strings.SplitSeq(o.uplinks, ",") {
		if level = strings.TrimSpace(level); level != "" {
			levels = append(levels, strings.Split(level, "="))
		}
	}
	return o.run(func(r io.Reader, name string) (*inventory.Estate, error) {
		return inventory.NetBox(r, inventory.NetBoxOptions{
			File: name, Owner: owner, Owners: owners, Sites: o.sites, Uplinks: levels, RegionLevel: o.regionLevel,
		})
	})
}

func runImportCSV(_ context.Context, o *importOptions) error {
	owner, owners, err := o.owners()
	if err != nil {
		return err
	}
	delimiter, size := utf8.DecodeRuneInString(strings.Replace(o.delimiter, `\t`, "\t", 1))
	if size == 0 || size != len(strings.Replace(o.delimiter, `\t`, "\t", 1)) {
		return change.Invalid("%q is not one character", o.delimiter).At("--delimiter")
	}
	columns := map[string]string{}
	for _, pair := range o.columns {
		field, heading, ok := strings.Cut(pair, "=")
		if !ok || columns[field] != "" {
			return change.Invalid("%q is not of the form FIELD=HEADING, each field once", pair).At("--columns")
		}
		columns[strings.TrimSpace(field)] = heading
	}
	known, err := o.known()
	if err != nil {
		return err
	}
	return o.run(func(r io.Reader, name string) (*inventory.Estate, error) {
		return inventory.CSV(r, inventory.CSVOptions{
			File: name, Columns: columns, Delimiter: delimiter, Lists: o.lists, Kind: strings.ToLower(o.kind),
			Owner: owner, Owners: owners, Known: known, Lenient: o.lenient,
		})
	})
}

// owners reads who answers for what.
func (o *importOptions) owners() (change.Ref, map[string]change.Ref, error) {
	one := func(flag, text string) (change.Ref, error) {
		ref, err := change.ParseRef(text, "group")
		if err != nil || (ref.Kind() != "group" && ref.Kind() != "user") {
			return "", change.Invalid("%q is not a group or a user; write for example group:network", text).At(flag)
		}
		return ref, nil
	}
	owners := map[string]change.Ref{}
	for _, pair := range o.ownerMap {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			return "", nil, change.Invalid("%q is not of the form NAME=group:OWNER", pair).At("--owner-map")
		}
		ref, err := one("--owner-map", text)
		if err != nil {
			return "", nil, err
		}
		owners[strings.TrimSpace(name)] = ref
	}
	if o.owner == "" {
		return "", owners, nil
	}
	ref, err := one("--owner", o.owner)
	return ref, owners, err
}

// known reads the catalog that rows may refer to.
func (o *importOptions) known() (func(change.Ref) bool, error) {
	if o.beside == "" {
		return nil, nil //nolint:nilnil // nothing is known, which is no error
	}
	dir, root := o.beside, "."
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir, root = filepath.Dir(dir), filepath.Base(dir)
	}
	c, _, err := catalog.Load(os.DirFS(dir), root, catalog.Options{Lenient: true})
	if err != nil {
		return nil, fmt.Errorf("--beside %s: %w", o.beside, err)
	}
	return func(ref change.Ref) bool { _, err := c.Entity(ref); return err == nil }, nil
}

// run reads the input, and writes what comes of it when all of it is there.
func (o *importOptions) run(read func(io.Reader, string) (*inventory.Estate, error)) error {
	in, name := io.NopCloser(o.env.In), "standard input"
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return change.NotFound("open %s: %w", o.file, err)
		}
		in, name = f, filepath.Base(o.file)
	}
	defer func() { _ = in.Close() }() // it was only read
	e, err := read(in, name)
	if len(document.Problems(err)) > 0 {
		return &codedError{ExitFailed, err}
	}
	if err != nil {
		return err
	}
	if o.groups {
		for _, owner := range e.Owners() {
			if owner.Kind() == "group" {
				e.Groups = append(e.Groups, owner)
			}
		}
	}
	o.tell(e)
	if n := len(e.LeftOut); o.strict && n > 0 {
		return &codedError{ExitFailed, fmt.Errorf("%d things had to be left out, so nothing was written (--strict)", n)}
	}
	if o.out != "" {
		return o.write(e)
	}
	return o.print(e)
}

// tell lists on standard error what is not in the result, or not as it was.
func (o *importOptions) tell(e *inventory.Estate) {
	for _, list := range []struct {
		head  string
		notes []inventory.Note
	}{{"LEFT OUT, OR NOT DECIDED", e.LeftOut}, {"ALTERED", e.Altered}} {
		t := report.Table{Head: []string{"COUNT", list.head, "FOR EXAMPLE"}}
		for _, s := range inventory.Sorts(list.notes) {
			t.Rows = append(t.Rows, o.rows(s)...)
		}
		if len(t.Rows) > 0 {
			o.env.say("%s", t.Text())
		}
	}
	c := e.Count()
	o.env.say("%d systems, %d dependencies, %d ways in, %d redundancy groups; owned by %d", c.Systems, c.DependsOn, c.ReachedThrough, c.Groups, len(e.Owners()))
}

// rows shows the first of a sort of notes, or all of them.
func (o *importOptions) rows(s inventory.Sort) [][]string {
	rows := [][]string{{fmt.Sprint(len(s.Of)), s.What, s.Of[0]}}
	if !o.all {
		return rows
	}
	for _, of := range s.Of[1:] {
		rows = append(rows, []string{"", "", of})
	}
	return rows
}
