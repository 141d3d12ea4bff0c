package cli

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/identity"
	"github.com/changectl/changectl/internal/report"
)

type signOptions struct {
	env    *Env
	id     string
	verb   change.Verb
	role   string
	reason string
	yes    bool
}

func newApprove(env *Env, run func(context.Context, *signOptions) error) *cobra.Command {
	o := &signOptions{env: env, verb: change.Approve}
	cmd := newSigning(o, run)
	cmd.Use, cmd.Short = "approve CHG", "Approve a change with your SSH key"
	cmd.Long = `Show the plan of a change and sign your approval of exactly this plan, once for
each group in whose name you can give it. On a terminal it asks before signing.

The key is --key (or CHANGECTL_KEY, or that of the profile): a private key, or the
public key of one in ssh-agent. Without it the agent must hold exactly one key.`
	return cmd
}

func newReject(env *Env, run func(context.Context, *signOptions) error) *cobra.Command {
	o := &signOptions{env: env, verb: change.Reject}
	cmd := newSigning(o, run)
	cmd.Use, cmd.Short = "reject CHG --reason TEXT", "Reject a change with your SSH key"
	return cmd
}

func newSigning(o *signOptions, run func(context.Context, *signOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Args: exactly("CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			if o.verb == change.Reject && strings.TrimSpace(o.reason) == "" {
				return change.Invalid("is missing; say why, so that it can be put right").At("--reason")
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.role, "role", "", "only in the name of this group (group:x)")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it becomes part of what is signed")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask before signing")
	return cmd
}

func runSign(ctx context.Context, o *signOptions) error {
	c, s, rec, err := o.env.about(ctx, o.id)
	if err != nil {
		return err
	}
	id := rec.ID
	list, err := o.statements(ctx, c, rec)
	if err != nil {
		return err
	}
	o.env.say("%s", report.Plan(rec.Plan, rec.Digest))
	if err := o.confirm(rec, list); err != nil {
		return err
	}
	signed, err := o.env.signAll(ctx, s, list)
	if err != nil {
		return err
	}
	rec, err = c.Approve(ctx, id, signed)
	if err != nil {
		return err
	}
	o.env.say("%s %s as %s", id, map[change.Verb]string{change.Approve: "approved", change.Reject: "rejected"}[o.verb], roles(list))
	return o.env.print(statusView(rec, o.env))
}

// statements returns what the server wants signed, after holding each against
// what is shown: nobody signs for another change, revision or plan.
func (o *signOptions) statements(ctx context.Context, c *httpapi.Client, rec change.Record) ([]change.Statement, error) {
	role := change.Ref("")
	if o.role != "" {
		var err error
		if role, err = change.ParseRef(o.role, "group"); err != nil {
			return nil, err
		}
	}
	all, err := c.ToSign(ctx, rec.ID, httpapi.SignQuery{Verb: o.verb, Reason: o.reason})
	if err != nil {
		return nil, err
	}
	var list []change.Statement
	for _, s := range all {
		if err := matches(s, rec, o.verb, o.reason); err != nil {
			return nil, err
		}
		if role == "" || s.Role == role {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, change.Denied("you have nothing to %s on %s as %s", o.verb, rec.ID, role).
			WithHint("you could as %s", roles(all))
	}
	return list, nil
}

// matches reports whether a statement is about the record as it is shown.
func matches(s change.Statement, rec change.Record, verb change.Verb, reason string) error {
	digest, err := rec.Plan.Digest()
	if err != nil {
		return err
	}
	wrong := func(what string, got, want any) error {
		return change.Denied("the server asks for a signature with the %s %v, but shows %v; nothing was signed", what, got, want).
			WithHint("try again; if it stays so, do not trust this server")
	}
	switch {
	case digest != rec.Digest:
		return wrong("plan", rec.Digest, digest)
	case s.Plan != digest:
		return wrong("plan", s.Plan, digest)
	case s.Change != rec.ID:
		return wrong("change", s.Change, rec.ID)
	case s.Revision != rec.Revision:
		return wrong("revision", s.Revision, rec.Revision)
	case s.Instance != rec.Plan.Instance:
		return wrong("installation", s.Instance, rec.Plan.Instance)
	case s.Verb != verb:
		return wrong("decision", s.Verb, verb)
	case s.Reason != reason:
		return wrong("reason", s.Reason, reason)
	}
	return nil
}

func roles(list []change.Statement) string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = string(s.Role)
	}
	return strings.Join(names, ", ")
}

func (o *signOptions) confirm(rec change.Record, list []change.Statement) error {
	return o.env.confirm(o.yes, "Sign: %s %s revision %d as %s?", o.verb, rec.ID, rec.Revision, roles(list))
}

// confirm asks before something is signed, on a terminal and nowhere else.
func (e *Env) confirm(yes bool, format string, args ...any) error {
	if yes || !e.IsTerminal(e.In) || !e.IsTerminal(e.Err) {
		return nil
	}
	if !e.ask(format+" [y/N] ", args...) {
		return &codedError{ExitFailed, change.FailedTo("nothing was signed")}
	}
	return nil
}

func (e *Env) ask(format string, args ...any) bool {
	e.prompt(format, args...)
	line, _ := bufio.NewReader(e.In).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

func (e *Env) signAll(ctx context.Context, s settings, list []change.Statement) ([]change.SignedStatement, error) {
	o := identity.SignerOptions{KeyFile: e.home(s.Key), AgentSocket: e.Getenv("SSH_AUTH_SOCK")}
	if o.KeyFile == "" && o.AgentSocket == "" {
		return nil, change.Invalid("there is no key to sign with").At("--key").
			WithHint("name your SSH key with --key or CHANGECTL_KEY, or start ssh-agent and ssh-add it")
	}
	signed := make([]change.SignedStatement, len(list))
	for i, st := range list {
		var err error
		if signed[i], err = e.Sign(ctx, st, o); err != nil {
			return nil, err
		}
	}
	return signed, nil
}
