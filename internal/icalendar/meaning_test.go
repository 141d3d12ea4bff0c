package icalendar_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

func TestAnImpactThatIsNotKnownCountsAsOutage(t *testing.T) {
	tests := map[string]change.ImpactClass{
		"": change.Outage, "NO-IMPACT": change.NoImpact, "no-impact": change.NoImpact, " Reduced-Redundancy ": change.ReducedRedundancy,
		"DEGRADED": change.DegradedService, "OUTAGE": change.Outage, "NO IMPACT": change.Outage, "NOIMPACT": change.Outage, "X-FLAPPING": change.Outage,
	}
	for written, want := range tests {
		lines := timed
		if written != "" {
			lines = with("X-MAINTNOTE-IMPACT:" + written)
		}
		if got := one(t, calendar(vevent("a", lines...))).Impact(); got != want {
			t.Errorf("%q: got %s, want %s", written, got, want)
		}
	}
}

func TestTheWorstOfSeveralImpactsCounts(t *testing.T) {
	tests := map[string]struct {
		lines []string
		want  change.ImpactClass
	}{
		"an object has a worse one":  {[]string{"X-MAINTNOTE-IMPACT:NO-IMPACT", "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=DEGRADED:c1"}, change.DegradedService},
		"an object has a milder one": {[]string{"X-MAINTNOTE-IMPACT:DEGRADED", "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=NO-IMPACT:c1"}, change.DegradedService},
		"an object has none":         {[]string{"X-MAINTNOTE-IMPACT:NO-IMPACT", "X-MAINTNOTE-OBJECT-ID:c1"}, change.NoImpact},
		"it is said twice":           {[]string{"X-MAINTNOTE-IMPACT:DEGRADED", "X-MAINTNOTE-IMPACT:NO-IMPACT"}, change.DegradedService},
		"and the other way":          {[]string{"X-MAINTNOTE-IMPACT:NO-IMPACT", "X-MAINTNOTE-IMPACT:DEGRADED"}, change.DegradedService},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := one(t, calendar(vevent("a", with(tt.lines...)...))).Impact(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAnUnknownImpactIsNoted(t *testing.T) {
	c := mustRead(t, calendar(vevent("a", with("X-MAINTNOTE-IMPACT:OUTTAGE")...)))
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], `"OUTTAGE"`) {
		t.Errorf("notes %q", c.Notes)
	}
}

func TestTheStateFollowsTheOperatorsStatusAndTheCalendars(t *testing.T) {
	tests := map[string]struct {
		lines string
		want  change.DeclarationState
	}{
		"nothing said":                        {"", change.Planned},
		"confirmed":                           {"STATUS:CONFIRMED", change.Planned},
		"tentative":                           {"STATUS:tentative", change.Tentative},
		"cancelled":                           {"STATUS:CANCELLED", change.Withdrawn},
		"cancelled, spelt American":           {"STATUS:CANCELED", change.Withdrawn},
		"by the operator":                     {"X-MAINTNOTE-STATUS:Cancelled", change.Withdrawn},
		"completed":                           {"X-MAINTNOTE-STATUS:COMPLETED", change.Ended},
		"open":                                {"X-MAINTNOTE-STATUS:IN-PROCESS", change.Planned},
		"moved":                               {"X-MAINTNOTE-STATUS:RE-SCHEDULED", change.Planned},
		"unknown":                             {"X-MAINTNOTE-STATUS:PERHAPS", change.Planned},
		"the operator goes first":             {"STATUS:TENTATIVE\nX-MAINTNOTE-STATUS:CONFIRMED", change.Planned},
		"a cancellation holds, said here":     {"STATUS:CANCELLED\nX-MAINTNOTE-STATUS:CONFIRMED", change.Withdrawn},
		"a cancellation holds, said there":    {"STATUS:CONFIRMED\nX-MAINTNOTE-STATUS:CANCELLED", change.Withdrawn},
		"tentative, whatever else is unknown": {"X-MAINTNOTE-STATUS:TENTATIVE", change.Tentative},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lines := timed
			if tt.lines != "" {
				lines = with(tt.lines)
			}
			if got := one(t, calendar(vevent("a", lines...))).State(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got := one(t, calendar("METHOD:cancel", vevent("a", with("STATUS:CONFIRMED")...))).State(); got != change.Withdrawn {
		t.Errorf("METHOD:CANCEL: got %s", got)
	}
}

func TestWordsComeInWithoutWhatActsOnATerminal(t *testing.T) {
	e := one(t, calendar(vevent("a", with(
		"SUMMARY:one\\, two\\;\\nthree \x1b[31mred \u202egnol\t", "DESCRIPTION:a\\Nb \\\\n c\u009bd", "ORGANIZER;CN=\"O^'Neil^n;: Ltd\":mailto:noc@o.example")...)))
	if e.Summary != "one, two; three [31mred gnol" {
		t.Errorf("summary %q", e.Summary)
	}
	if e.Description != "a\nb \\n c d" {
		t.Errorf("description %q", e.Description)
	}
	if e.Organizer != `O"Neil ;: Ltd <noc@o.example>` || e.Contact != "noc@o.example" {
		t.Errorf("organizer %q, contact %q", e.Organizer, e.Contact)
	}
}

func TestLongWordsAreCutAndLongKeysRefused(t *testing.T) {
	long := strings.Repeat("ä", 5000)
	e := one(t, calendar(vevent("a", with("SUMMARY:"+long, "DESCRIPTION:"+long)...)))
	if !strings.HasSuffix(e.Summary, "ä...") || len(e.Summary) > 310 || !strings.HasSuffix(e.Description, "ä...") || len(e.Description) > 2010 {
		t.Errorf("summary of %d bytes, description of %d", len(e.Summary), len(e.Description))
	}
	refused(t, calendar(vevent(long, timed...)), "line 5", "UID")
	refused(t, calendar(vevent("a", with("X-MAINTNOTE-OBJECT-ID:"+long)...)), "line 8", "X-MAINTNOTE-OBJECT-ID")
}
