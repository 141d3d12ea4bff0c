package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/product"
)

// lead is the time between submitting and the window: enough to dispute and
// approve the change.
const lead = 8 * time.Second

// thePlan is what approving and a refusal show again.
const thePlan = "the plan, as submit shows it"

func (d *demo) submit(ctx context.Context) error {
	d.show.act("Alice submits the patch", `A change is a file: which runbook, on which systems, why, and when. The server
		compiles it to a plan with every step and its way back, works out what it touches and who depends on that, how risky it
		is and who must approve, and reserves all of it for the window. This window opens in %s.`, lead)
	d.opens = time.Now().Add(lead + time.Second).Truncate(time.Second)
	w, err := window(d.opens)
	if err != nil {
		return err
	}
	title, reason := "PostgreSQL "+d.version()+" on the orders pair", "Security release "+d.version()
	if d.pair.OneVersionOnly {
		title, reason = "Restart the orders pair", setting+" needs a restart"
	}
	path, err := d.file("patch.yaml", fmt.Sprintf(patchFile, title, reason, d.version(), d.probe, product.PasswordSecret, w))
	if err != nil {
		return err
	}
	out, err := d.show.run(ctx, changectl("submit -f %s", path).without("the other steps", firstSteps(5)))
	if err != nil {
		return err
	}
	d.id, err = idIn(out)
	return err
}

func (d *demo) conflict(ctx context.Context) error {
	d.show.act("Carol wants one of the same servers at the same time", `Her change would stop orders-db-2 in the window of
		%s. Nobody has to notice that in a meeting: it is refused at submit (exit code 3), and she is told what is in the way, whose it is
		and until when.`, d.id)
	w, err := window(d.opens)
	if err != nil {
		return err
	}
	path, err := d.file("move.yaml", fmt.Sprintf(stopFile, product.PasswordSecret, w))
	if err != nil {
		return err
	}
	out, err := d.show.run(ctx, changectl("--profile carol submit -f %s", path).ends(3).without(thePlan, notThePlan()))
	d.figures.claim("refused for the conflict, which it names", "exit code 3", err == nil && strings.Contains(out, d.id))
	return err
}

func (d *demo) ownApproval(ctx context.Context) error {
	d.show.act("Alice cannot approve her own change", "Nobody can, whatever groups they are in (exit code 4).")
	_, err := d.show.run(ctx, changectl("approve %s", d.id).ends(4).without(thePlan, notThePlan()))
	d.figures.claim("refused to the submitter: her own approval", "exit code 4", err == nil)
	if err != nil {
		return err
	}
	d.show.say("A change that stands still says what it waits for, who can end that, and until when:")
	_, err = d.show.run(ctx, changectl("explain %s", d.id))
	return err
}

func (d *demo) approve(ctx context.Context) error {
	d.show.act("Those who answer for the systems approve", `An approval is a statement about exactly this plan, by its
		digest, signed with the approver's SSH key. Bob is of the group that owns the databases; because the risk is high, a change manager has
		to look at it too.`)
	return d.approvals(ctx, d.id)
}

// approvals gives all that the plan of a change asks for.
func (d *demo) approvals(ctx context.Context, id string) error {
	rec, err := d.show.record(ctx, id)
	if err != nil {
		return err
	}
	for _, need := range rec.Plan.Approvals {
		who, known := people[need.Role]
		if !known {
			return fmt.Errorf("approve %s: it needs somebody of %s, whom the demonstration does not play", id, need.Role)
		}
		if _, err := d.show.run(ctx, changectl("--profile %s approve %s", who, id).without(thePlan, notThePlan())); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) watch(ctx context.Context) error {
	d.show.act("The window opens and the change runs", `Not a second before: %s. The standby is patched first, then the clients are held for a moment,
		the service fails over, the old primary is patched, and everything goes home again. The writer keeps writing all the time.
		Before each step the gate asks again whether the change may go on; the intent is in the log before the effect.`,
		until(d.opens))
	if !terminal() {
		d.show.say("(Of each step, the line that says that it begins is left out.)")
	}
	d.idle = stall(d.load)
	_, err := d.show.run(ctx, changectl("watch %s", d.id).without("steps that begin", notThose(" begins")).onTheTerminal())
	return err
}

func until(t time.Time) string {
	left := time.Until(t)
	if left <= 0 {
		return "it is open already"
	}
	return fmt.Sprintf("it opens in %s", left.Round(100*time.Millisecond))
}

func (d *demo) proof(ctx context.Context) error {
	d.show.act("The proof", `The writer stops, and looks up every transaction that it was told is safe on the server that is the primary
		now. The servers are asked for what they run.`)
	rec, err := d.show.record(ctx, d.id)
	if err != nil {
		return err
	}
	r, err := d.count(ctx, d.pair, d.load)
	if err != nil {
		return err
	}
	if d.after, err = d.running(ctx); err != nil {
		return err
	}
	what, wanted := d.what()
	for i, node := range []string{"n1", "n2"} {
		fmt.Fprintf(d.show.out, "    orders-db-%d: %s was %s and is %s\n", i+1, what, d.before[node], d.after[node])
	}
	d.figures.patch(rec, what, wanted, d.before, d.after)
	d.figures.load(r, d.idle)
	if rec.Status != change.Completed {
		return fmt.Errorf("%s is %s: %s", d.id, rec.Status, rec.Note)
	}
	return nil
}

// idIn reads the change's ID, which is the first word that submit prints.
func idIn(out string) (string, error) {
	word, _, _ := strings.Cut(out, " ")
	id, err := change.ParseID(word)
	if err != nil {
		return "", fmt.Errorf("read the change's ID from the output of submit: %w", err)
	}
	return string(id), nil
}
