package cli

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
)

// Main runs the command line of this process and returns its exit code. The
// extra commands are made by packages that this one must not know.
func Main(extra ...func(*Env) *cobra.Command) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return Run(ctx, NewEnv(), os.Args[1:], extra...)
}

// Run runs one command line in env and returns its exit code. What went wrong is
// on env.Err.
func Run(ctx context.Context, env *Env, args []string, extra ...func(*Env) *cobra.Command) int {
	root := newRoot(env)
	for _, command := range extra {
		root.AddCommand(command(env))
	}
	root.InitDefaultCompletionCmd(args...)
	strict(root)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	complain(env, err)
	return exitCode(err)
}

const rootLong = `changectl runs changes to production the way good teams review code: written
down, planned, checked against everything else, approved by the owners, started
in their window, run step by step with a way back, and recorded.

Settings come from flags, then from CHANGECTL_* in the environment, then from a
profile: $XDG_CONFIG_HOME/changectl/profiles/NAME.yaml, or the ones that
changectl dev writes. A profile has the keys server, token-file and key. Without
--profile or CHANGECTL_PROFILE the profile named default is read if there is one.

Exit codes:
` + exitCodes

func newRoot(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "changectl",
		Short:         "Plan, approve, run and record changes to production",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       Version,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return checkOutput(env.output)
		},
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err.Error()) })
	f := root.PersistentFlags()
	f.String("server", "", "address of the server (CHANGECTL_SERVER)")
	f.String("token-file", "", "file with your token (CHANGECTL_TOKEN_FILE; or the token itself in CHANGECTL_TOKEN)")
	f.String("key", "", "SSH key to sign with: a private key, or the public key of one in ssh-agent (CHANGECTL_KEY)")
	f.String("profile", "", "name of a profile with these settings (CHANGECTL_PROFILE)")
	f.StringVarP(&env.output, "output", "o", "table", "table, json, yaml or name")
	f.BoolVar(&env.noColor, "no-color", false, "do not colour (NO_COLOR)")
	env.settings.flags = f
	root.AddGroup(&cobra.Group{ID: "change", Title: "Changes:"}, &cobra.Group{ID: "around", Title: "Who else is playing, and when:"},
		&cobra.Group{ID: "look", Title: "Looking things up:"})
	add(root, "change", newSubmit(env, runSubmit), newPlan(env, runPlan), newValidate(env, runValidate),
		newApprove(env, runSign), newReject(env, runSign), newDecide(env, runDecide), newCancel(env, runCancel), newWatch(env, runWatch),
		newBreakClaim(env, runBreakClaim), newPR(env))
	add(root, "around", newSandbox(env, runSandbox), newSlots(env, runSlots), newCalendar(env, runCalendar), newWindow(env),
		newFreeze(env), newDeclare(env, runDeclare))
	add(root, "look", newList(env, runList), newShow(env, runShow), newExplain(env, runExplain),
		newLog(env), newRunbook(env), newCatalog(env), newSchema(env), newWhoami(env, runWhoami), newVersion(env))
	return root
}

func add(root *cobra.Command, id string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}

// strict makes usage errors of superfluous arguments, and of a shell that
// completion does not know.
func strict(cmd *cobra.Command) {
	if cmd.Name() == "completion" {
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, group
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err == nil || change.KindOf(err) != "" {
				return err
			}
			return usage(cmd, "expected nothing after "+cmd.CommandPath()+", got "+strings.Join(quoted(args), " "))
		}
	}
	for _, c := range cmd.Commands() {
		strict(c)
	}
}

// group is the run function of a command that only has commands below it.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	text := "there is no command " + cmd.CommandPath() + " " + args[0]
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(cmd, text)
}

// usage is an error about how a command was called.
func usage(cmd *cobra.Command, text string) error {
	return change.Invalid("%s", text).WithHint("see %s --help", cmd.CommandPath())
}

// exactly is cobra.ExactArgs with a message that names what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return usage(cmd, "expected "+strings.Join(names, " ")+" after "+cmd.CommandPath()+", got "+strings.Join(quoted(args), " "))
	}
}

func quoted(args []string) []string {
	if len(args) == 0 {
		return []string{"nothing"}
	}
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = `"` + a + `"`
	}
	return out
}

// atMost is exactly for an argument that may be left out.
func atMost(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return usage(cmd, "expected at most one "+name+" after "+cmd.CommandPath()+", got "+strings.Join(quoted(args), " "))
	}
}
