package proposal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

const sha = "0123456789abcdef0123456789abcdef01234567"

func TestCommandsAreRead(t *testing.T) {
	tests := map[string]struct {
		body string
		want proposal.Command
	}{
		"plan":                      {"/change plan", proposal.Command{Verb: "plan"}},
		"submit":                    {"/change submit\n", proposal.Command{Verb: "submit"}},
		"status":                    {"/change status  \t", proposal.Command{Verb: "status"}},
		"help":                      {"/change\t help", proposal.Command{Verb: "help"}},
		"approve":                   {"/change approve " + sha, proposal.Command{Verb: "approve", SHA: sha}},
		"capital digits":            {"/change approve " + strings.ToUpper(sha), proposal.Command{Verb: "approve", SHA: sha}},
		"a commit of SHA-256":       {"/change approve " + sha + sha[:24], proposal.Command{Verb: "approve", SHA: sha + sha[:24]}},
		"reject":                    {"/change reject  not in this week ", proposal.Command{Verb: "reject", Reason: "not in this week"}},
		"abort":                     {"/change abort vendor called", proposal.Command{Verb: "abort", Reason: "vendor called"}},
		"reasons are data":          {"/change abort $(reboot) {{.}} `x` <b> ${{ x }} /change", proposal.Command{Verb: "abort", Reason: "$(reboot) {{.}} `x` <b> ${{ x }} /change"}},
		"a reason in German":        {"/change reject Änderung zu groß – später", proposal.Command{Verb: "reject", Reason: "Änderung zu groß – später"}},
		"a reason in Russian":       {"/change reject слишком рано", proposal.Command{Verb: "reject", Reason: "слишком рано"}},
		"the longest reason":        {"/change reject " + strings.Repeat("ü", 500), proposal.Command{Verb: "reject", Reason: strings.Repeat("ü", 500)}},
		"after other text":          {"Looks good.\n\n/change plan\n\nThanks!", proposal.Command{Verb: "plan"}},
		"in a paragraph":            {"Looks good.\n/change plan\nThanks!", proposal.Command{Verb: "plan"}},
		"carriage returns":          {"Looks good.\r\n\r\n/change plan\r\nThanks!\r\n", proposal.Command{Verb: "plan"}},
		"old carriage returns":      {"Looks good.\r/change plan\r", proposal.Command{Verb: "plan"}},
		"after a quote":             {"> /change submit\n\n/change plan", proposal.Command{Verb: "plan"}},
		"after code":                {"```\n/change submit\n```\n/change plan", proposal.Command{Verb: "plan"}},
		"after code with words":     {"~~~~ yaml\n~~~\n/change submit\n~~~~~\n\n/change plan", proposal.Command{Verb: "plan"}},
		"after indented fences":     {"   ```\n/change submit\n ```\n/change plan", proposal.Command{Verb: "plan"}},
		"after a comment":           {"<!-- /change submit\n\n/change submit -->\n\n/change plan", proposal.Command{Verb: "plan"}},
		"after details":             {"<details>\n<summary>Log</summary>\n\n/change submit\n\n</details>\n\n/change plan", proposal.Command{Verb: "plan"}},
		"after details in one line": {"<details><summary>Log</summary>\n\n```\n/change submit\n```\n\n</details>\n\n/change plan", proposal.Command{Verb: "plan"}},
		"after a list":              {"- a\n- b\n\n/change plan", proposal.Command{Verb: "plan"}},
		"with inline code before":   {"`x` looks good\n\n/change plan", proposal.Command{Verb: "plan"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok, err := proposal.ParseCommand(tt.body)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNoCommand(t *testing.T) {
	const c = "/change approve " + sha
	bodies := map[string]string{
		"nothing": "", "other text": "please /change plan", "another word": "/changes plan", "glued": "/changeplan", "a path": "/change/plan", "with a colon": "/change: plan",
		"one space before": " " + c, "a tab before": "\t" + c, "indented code": "x\n\n    " + c,
		"a quote": "> " + c, "a quote without space": ">" + c, "a quote in a quote": "> > " + c, "a quote that goes on": "> look\n" + c, "an indented quote": "   > look\n" + c,
		"a list": "- " + c, "a list that goes on": "- look\n" + c, "a number": "1. " + c, "a number that goes on": "1. look\n" + c, "a heading": "# " + c,
		"fenced": "```\n" + c + "\n```", "fenced with words": "```sh\n" + c + "\n```", "fenced by tildes": "~~~\n" + c + "\n~~~",
		"fenced by many": "`````\n```\n" + c + "\n`````", "fenced by others": "```\n~~~\n" + c, "fenced, indented": "   ```\n" + c + "\n   ```",
		"fenced and never closed": "```\n\n\n" + c, "closed by too few": "````\n```\n" + c, "closed with words": "```\n``` x\n" + c, "closed too far in": "```\n    ```\n" + c,
		"fenced in a list, then open": "- a\n  ```\n```\n\n" + c, "fenced after a list": "- a\n\n```\n" + c,
		"inline code": "`" + c + "`", "inline code over lines": "`a\n" + c + "\n`", "double inline code": "``a\n" + c + "\n``",
		"an HTML comment": "<!-- " + c + " -->", "a comment over lines": "<!--\n" + c + "\n-->", "a comment over paragraphs": "<!-- a\n\n" + c + "\n\n-->",
		"a comment that is never closed": "<!--\n\n" + c, "a comment in text": "look <!--\n" + c + "\n-->", "a comment in text, never closed": "look <!--\n\n" + c,
		"a comment after one": "<!-- a --> <!--\n\n" + c, "a comment in a quote": "> <!--\n\n" + c, "a comment within HTML": "<div>\n<!--\n\n-->\n\n" + c,
		"a comment closed in code": "> <!--\n\n`-->`\n\n" + c,
		"details":                  "<details>\n\n" + c + "\n\n</details>", "details without lines": "<details>\n" + c + "\n</details>", "open details": "<details open>\n\n" + c, "details in capitals": "<DETAILS>\n\n" + c,
		"details with attributes": "<details class=\"x\">\n\n" + c, "details in details": "<details>\n\n<details>\n\n</details>\n\n" + c, "details over lines": "<details\n>\n\n" + c,
		"details closed in code": "<details>\n\n`</details>`\n\n" + c, "details closed in a fence": "<details>\n\n```\n</details>\n```\n\n" + c, "details closed in a comment": "<details>\n\n<!-- </details> -->\n\n" + c,
		"details closed in an attribute": "<details>\n\n<a title=\"</details>\">x</a>\n\n" + c, "details closed in a longer one": "<details>\n\n<a title=\"\n</details>\n\">\n\n" + c,
		"pre": "<pre>\n" + c + "\n</pre>", "pre over paragraphs": "<pre>\n\n" + c + "\n\n</pre>", "pre in text": "a <pre>\n\n" + c, "pre in capitals": "<PRE class=x>\n\n" + c,
		"code": "<code>\n" + c + "\n</code>", "code over paragraphs": "<code>\n\n" + c + "\n\n</code>", "a script": "<script>\n\n" + c, "a style": "<style>\n\n" + c, "a text area": "<textarea>\n\n" + c,
		"a template": "<template>\n\n" + c, "a quotation": "<blockquote>\n\n" + c, "crossed out": "<del>\n\n" + c, "CDATA": "<![CDATA[\n\n" + c, "an instruction": "<?php\n\n" + c, "a declaration": "<!DOCTYPE x\n" + c,
		"HTML that goes on": "<div>\n" + c, "a tag over lines": "look <a\nhref=\"\n" + c + "\n\">", "fenced within HTML": "<div>\n```\n\n" + c, "details after a comment": "<!-- a\n--> <details>\n\n" + c, "a comment after its end": "<!-- a\n--> <!--\n\n" + c, "fenced within HTML, then open": "<div>\n```\n</div>\n\n```\n" + c,
		"emphasis over lines": "**a\n" + c + "\n**", "crossed out over lines": "~~a\n" + c + "\n~~", "a link over lines": "[a\n" + c + "\n](x)", "a link's title": "[a](x \"\n" + c + "\n\")",
		"a reference": "[a]: /x '\n" + c + "\n'", "mathematics": "$$\n" + c + "\n$$", "a line of U+2028": "a\u2028" + c, "a line of U+0085": "a\u0085" + c, "a line of VT": "a\v" + c, "a table": "|a|\n|-|\n" + c,
		"another word in another alphabet": "/москва-река", "no slash": "change plan", "in capitals, with an ending": "/CHANGELOG",
	}
	successes := 0
	for name, body := range bodies {
		for ending, b := range map[string]string{"": body, " with carriage returns": strings.ReplaceAll(body, "\n", "\r\n")} {
			if got, ok, err := proposal.ParseCommand(b); ok || err != nil {
				t.Errorf("%s%s: %+v, %v", name, ending, got, err)
				successes++
			}
		}
	}
	t.Logf("%d attempts to have something else taken for a command, %d successes", 2*len(bodies), successes)
}

func TestCommandsThatAreRefused(t *testing.T) {
	const looks, twice = "look like others", "each in a comment of its own"
	tests := map[string]struct{ body, want string }{
		"nothing to do":               {"/change", "/change does not say what to do; write /change and one of plan, submit, approve SHA, reject REASON, abort REASON, status, help"},
		"an unknown word":             {"/change deploy now", "one of plan, submit, approve SHA"},
		"a word in capitals":          {"/change PLAN", "one of plan"},
		"in capitals":                 {"/Change plan", "write /change in small letters"},
		"more than the word":          {"/change plan now", "/change plan takes nothing after it"},
		"two":                         {"/change plan\n/change status", "2 commands; write " + twice},
		"the same twice":              {"/change plan\n\n/change plan", twice},
		"one that is wrong as well":   {"/change plan\n/change nonsense", twice},
		"one that passes for another": {"/change plan\n/сhange status", twice},
		"approve nothing":             {"/change approve", "needs the commit"},
		"a short commit":              {"/change approve 0123456", "has 7 digits; a short one may come to mean another commit"},
		"39 digits":                   {"/change approve " + sha[:39], "has 39 digits"},
		"41 digits":                   {"/change approve " + sha + "0", "has 41 digits"},
		"6 digits":                    {"/change approve 012345", "is not a commit"},
		"65 digits":                   {"/change approve " + sha + sha[:25], "is not a commit"},
		"a branch":                    {"/change approve main", "is not a commit"},
		"a commit and more":           {"/change approve " + sha + " please", "is not a commit"},
		"a commit in code":            {"/change approve `" + sha + "`", "is not a commit"},
		"a commit and a comment":      {"/change approve " + sha + " <!-- x -->", "is not a commit"},
		"no reason":                   {"/change reject", "/change reject needs a reason"},
		"spaces for a reason":         {"/change abort   \t", "/change abort needs a reason"},
		"a long reason":               {"/change reject " + strings.Repeat("ü", 501), "is 501 characters long"},
		"a control character":         {"/change reject a\x1b[2Kb", "a control character"},
		"a bell":                      {"/change abort a\ab", "a control character"},
		"NUL":                         {"/change abort a\x00b", "a control character"},
		"Cyrillic es":                 {"/сhange plan", looks},
		"Cyrillic a":                  {"/chаnge plan", looks},
		"Greek and Cyrillic":          {"/сһаngе plan", looks},
		"Latin of full width":         {"／ｃｈａｎｇｅ plan", looks},
		"a slash of full width":       {"／change plan", looks},
		"a slash for fractions":       {"⁄change plan", looks},
		"a slash for division":        {"∕change plan", looks},
		"mathematical letters":        {"/𝐜𝐡𝐚𝐧𝐠𝐞 plan", looks},
		"a combining mark":            {"/chan\u0323ge plan", looks},
		"no width before":             {"\u200b/change plan", looks},
		"no width within":             {"/cha\u200bnge plan", looks},
		"no width after":              {"/change\u200b plan", looks},
		"no width in the verb":        {"/change pl\u200ban", looks},
		"no width in the commit":      {"/change approve " + sha[:20] + "\u200d" + sha[20:], looks},
		"a space that does not break": {"/change\u00a0plan", looks},
		"a wide space":                {"/change\u3000plan", looks},
		"a byte order mark":           {"\ufeff/change plan", looks},
		"a soft hyphen":               {"/cha\u00adnge plan", looks},
		"right to left":               {"/change \u202enalp", looks},
		"right to left in a reason":   {"/change reject a \u202ereverof\u202c b", looks},
		"an isolate in a reason":      {"/change reject \u2067x\u2069", looks},
		"a mark of direction":         {"/change reject x\u200f", looks},
		"no width in a reason":        {"/change reject a\u200bb", looks},
		"a tag in a reason":           {"/change reject a\U000e0061", looks},
		"mixed alphabets in a reason": {"/change reject pаypal", looks},
		"full width in a reason":      {"/change reject ｐaypal", looks},
		"Cyrillic in the verb":        {"/change рlan", looks},
		"all Cyrillic verb":           {"/change план", looks},
		"full width digits":           {"/change approve ０" + sha[1:], looks},
		"Cyrillic in the commit":      {"/change approve " + sha[:39] + "а", looks},
		"invalid UTF-8":               {"/change reject \xff", looks},
		"an escape in the word":       {"/cha\x1bnge plan", looks},
		"a vertical tab":              {"/change\vplan", looks},
		"over 64 KiB":                 {"/change plan\n" + strings.Repeat("x", 64<<10), "larger than 64 KiB"},
	}
	successes := 0
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok, err := proposal.ParseCommand(tt.body)
			if ok || err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != change.KindInvalid || got != (proposal.Command{}) {
				t.Errorf("%+v, %v, %v; want %s", got, ok, err, tt.want)
				successes++
			}
		})
	}
	t.Logf("%d attempts to have something doubtful taken for a command, %d successes", len(tests), successes)
}

func TestWhoMayCommand(t *testing.T) {
	now := time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
	good := proposal.Comment{ID: 1, User: proposal.User{ID: 7, Login: "bob", Type: "User"}, CreatedAt: now.Add(-time.Hour), UpdatedAt: now.Add(-time.Hour)}
	with := func(edit func(*proposal.Comment)) proposal.Comment { c := good; edit(&c); return c }
	at := func(d time.Duration) proposal.Comment {
		return with(func(c *proposal.Comment) { c.CreatedAt = now.Add(d); c.UpdatedAt = c.CreatedAt })
	}
	for name, c := range map[string]proposal.Comment{"an hour ago": good, "a day ago": at(-24 * time.Hour), "now": at(0), "by a clock ahead": at(time.Minute)} {
		if err := proposal.Eligible(c, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	tests := map[string]struct {
		comment proposal.Comment
		want    string
	}{
		"edited":            {with(func(c *proposal.Comment) { c.UpdatedAt = now }), "was edited"},
		"edited backwards":  {with(func(c *proposal.Comment) { c.UpdatedAt = now.Add(-2 * time.Hour) }), "was edited"},
		"our own":           {with(func(c *proposal.Comment) { c.Mine = true }), "changectl's own"},
		"by a bot":          {with(func(c *proposal.Comment) { c.User.Type = "Bot" }), "for persons"},
		"by an App":         {with(func(c *proposal.Comment) { c.App = "helper" }), "through an App"},
		"by a ghost":        {with(func(c *proposal.Comment) { c.User.Login = "ghost" }), "for persons"},
		"by nobody":         {with(func(c *proposal.Comment) { c.User = proposal.User{} }), "for persons"},
		"by an import":      {with(func(c *proposal.Comment) { c.User.Type = "Mannequin" }), "for persons"},
		"older than a day":  {at(-24*time.Hour - time.Second), "older than 24 hours"},
		"without a time":    {with(func(c *proposal.Comment) { c.CreatedAt, c.UpdatedAt = time.Time{}, time.Time{} }), "was edited"},
		"from the future":   {at(time.Hour), "to come"},
		"from the far past": {at(-24 * 365 * time.Hour), "older than 24 hours"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := proposal.Eligible(tt.comment, now)
			if err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != change.KindDenied {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestLargeCommentsAreReadFast(t *testing.T) {
	for name, piece := range map[string]string{"quotes": ">", "links": "[a](", "ticks": "`a``", "tags": "<a ", "comments": "<!-- --> ", "lists": "- ", "fences": "```\n", "words": "a\u0301 ", "lines": "\n/change"} {
		body := strings.Repeat(piece, (60<<10)/len(piece)) + "\n\n/change plan"
		began := time.Now()
		_, _, _ = proposal.ParseCommand(body)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: %s", name, took)
		}
	}
}

func ExampleParseCommand() {
	c, ok, err := proposal.ParseCommand("Not before Monday.\n\n/change reject Black Friday")
	fmt.Println(c.Verb, c.Reason, ok, err)
	// Output: reject Black Friday true <nil>
}
