package main

import (
	"fmt"

	"github.com/agenttrace/agenttrace/schema/store"
)

// The health scores that reports and gates can use, in one form: what cannot be scored has no score, and
// each lost point has a reason.
var (
	healthSQL = map[string]string{
		"v1": `SELECT session_id, 'session_health_v1' AS view, CASE WHEN has_evidence THEN score END AS score,
			CASE WHEN has_evidence THEN band ELSE 'unscored' END AS band, coverage::DOUBLE AS coverage, unscored_reason FROM session_health_v1`,
		"v2": `SELECT session_id, 'session_health_v2' AS view, score, band, coverage, unscored_reason FROM session_health_v2`,
	}
	reasonSQL = map[string]string{
		"v1": `SELECT d.session_id, d.anomaly, a.severity, d.points::DOUBLE AS points, a.value, a.threshold, a.unit, NULL::VARCHAR AS reason
			FROM (
				SELECT session_id, 'legacy.' || split_part(deduction, ' ', 1) AS anomaly, split_part(deduction, ': ', 2)::INTEGER AS points
				FROM (SELECT session_id, unnest(deductions) AS deduction FROM session_health_v1 WHERE has_evidence)
			) AS d
			LEFT JOIN legacy_anomalies_v1 AS a USING (session_id, anomaly)`,
		"v2": `SELECT session_id, coalesce(anomaly, 'health.' || signal) AS anomaly, NULL::VARCHAR AS severity, points, value, starts_at AS threshold, unit, reason
			FROM health_explanations_v2 WHERE points > 0`,
	}
)

// health makes the temporary table scoped_health of the sessions in scope, and the view health_reasons.
func (r *reporter) health(only string) error {
	if r.hasHealth {
		return nil
	}
	where := " SEMI JOIN scope USING (session_id)"
	if only != "" {
		where = " WHERE session_id = " + store.Quote(only)
	}
	for _, q := range []string{
		"CREATE OR REPLACE TEMP TABLE scoped_health AS FROM (" + healthSQL[r.o.health] + ")" + where,
		"CREATE OR REPLACE TEMP VIEW health_reasons AS " + reasonSQL[r.o.health],
	} {
		if err := r.conn.Exec(r.e.ctx, q); err != nil {
			return err
		}
	}
	r.hasHealth = true
	return nil
}

// healthView names the score that is used.
func (r *reporter) healthView() string { return fmt.Sprintf("session_health_%s", r.o.health) }
