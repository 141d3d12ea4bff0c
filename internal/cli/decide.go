package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

type decideOptions struct {
	env    *Env
	id     string
	verb   string
	reason string
	step   string
}

var decideVerbs = []string{string(change.RetryIt), string(change.Continue), string(change.BackOut), string(change.SignOff)}

func newDecide(env *Env, run func(context.Context, *decideOptions) error) *cobra.Command {
	o := &decideOptions{env: env}
	cmd := &cobra.Command{
		Use:   "decide CHG " + strings.Join(decideVerbs, "|"),
		Short: "Decide about a change that is held, or back out one that runs",
		Long: `Decide about a change that is held:

  retry      run the step again
  continue   go on in spite of it (needs --reason; signed with your SSH key)
  back-out   undo what was done, last first; also while the change runs
  sign-off   confirm what the step asks to be confirmed (signed with your SSH key)

A change can be held before its start, because a maintenance or a freeze came up
after it was scheduled: then continue accepts that and lets it start (signed);
changectl submit --revise CHG moves it, and changectl cancel CHG withdraws it.

changectl explain CHG shows which of these are possible now.`,
		Args: exactly("CHG", strings.Join(decideVerbs, "|")),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) != 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return decideVerbs, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id, o.verb = args[0], args[1]
			if !slices.Contains(decideVerbs, o.verb) {
				return usage(cmd, `"`+o.verb+`" is not a decision; expected `+strings.Join(decideVerbs, ", "))
			}
			if o.verb == string(change.Continue) && strings.TrimSpace(o.reason) == "" {
				return change.Invalid("is missing; going on after trouble needs a written reason").At("--reason")
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it is recorded")
	cmd.Flags().StringVar(&o.step, "step", "", "only if the hold is about this step")
	return cmd
}

func runDecide(ctx context.Context, o *decideOptions) error {
	c, s, rec, err := o.env.about(ctx, o.id)
	if err != nil {
		return err
	}
	id := rec.ID
	if err := o.possible(rec); err != nil {
		return err
	}
	d, err := o.decision(ctx, c, s, rec)
	if err != nil {
		return err
	}
	if rec, err = c.Decide(ctx, id, d); err != nil {
		return err
	}
	o.env.say("%s: %s is decided", id, o.verb)
	return o.env.print(statusView(rec, o.env))
}

// possible says early and clearly what the server would refuse.
func (o *decideOptions) possible(rec change.Record) error {
	if rec.Status == change.AwaitingApproval {
		return change.Awaiting("%s awaits approval; there is nothing to decide before it runs", rec.ID).
			WithHint("changectl explain %s says whose approval is missing", rec.ID)
	}
	if h := rec.Hold; h != nil && h.BeforeStart() && !rec.Started() && o.verb != string(change.Continue) {
		return change.Conflict("%s is held before its start; there is nothing to %s", rec.ID, o.verb).
			WithHint("changectl decide %s continue --reason TEXT, changectl submit --revise %s, or changectl cancel %s", rec.ID, rec.ID, rec.ID)
	}
	if o.step != "" && (rec.Hold == nil || rec.Hold.Step != o.step) {
		return change.Conflict("%s is %s, not held at step %s", rec.ID, rec.Status, o.step).
			WithHint("look again: changectl explain %s", rec.ID)
	}
	return nil
}

func (o *decideOptions) decision(ctx context.Context, c *httpapi.Client, s settings, rec change.Record) (httpapi.DecideRequest, error) {
	d := httpapi.DecideRequest{Verb: change.Verb(o.verb), Reason: o.reason, Step: o.step, Nonce: newNonce()}
	if rec.Hold != nil {
		d.Hold, d.Step = rec.Hold.Number, rec.Hold.Step
	}
	if !d.Verb.Signed() {
		return d, nil
	}
	list, err := c.ToSign(ctx, rec.ID, httpapi.SignQuery{Verb: d.Verb, Reason: o.reason, Step: d.Step})
	if err != nil {
		return d, err
	}
	if len(list) != 1 {
		return d, change.FailedTo("the server asks for %d signatures; expected one", len(list))
	}
	st := list[0]
	if err := matches(st, rec, d.Verb, o.reason); err != nil {
		return d, err
	}
	if st.Hold != d.Hold || st.Step != d.Step {
		return d, change.Conflict("%s has moved on to hold %d (%s); nothing was signed", rec.ID, st.Hold, st.Step).
			WithHint("look again: changectl explain %s", rec.ID)
	}
	signed, err := o.env.signAll(ctx, s, list)
	if err != nil {
		return d, err
	}
	d.Nonce, d.Signed = st.Nonce, signed[0]
	return d, nil
}
