package main

import (
	"fmt"
	"strings"

	"github.com/agenttrace/agenttrace/schema/store"
)

// The health scores that reports and gates can use, in one form: what cannot be scored has no score, and
// each lost point has a reason. Both are of the schema core, where ids are numbers.
var (
	healthSQL = map[string]string{
		"v1": `SELECT session_id, 'session_health_v1' AS view, CASE WHEN has_evidence THEN score END AS score,
			CASE WHEN has_evidence THEN band ELSE 'unscored' END AS band, coverage::DOUBLE AS coverage, unscored_reason FROM core.session_health_v1`,
		"v2": `SELECT session_id, 'session_health_v2' AS view, score, band, coverage, unscored_reason FROM core.session_health_v2`,
	}
	reasonSQL = map[string]string{
		"v1": `SELECT d.session_id, d.anomaly, a.severity, d.points::DOUBLE AS points, a.value, a.threshold, a.unit, NULL::VARCHAR AS reason
			FROM (
				SELECT session_id, 'legacy.' || split_part(deduction, ' ', 1) AS anomaly, split_part(deduction, ': ', 2)::INTEGER AS points
				FROM (SELECT session_id, unnest(deductions) AS deduction FROM core.session_health_v1 WHERE has_evidence)
			) AS d
			LEFT JOIN core.legacy_anomalies_v1 AS a USING (session_id, anomaly)`,
		"v2": `SELECT session_id, coalesce(anomaly, 'health.' || signal) AS anomaly, NULL::VARCHAR AS severity, points, value, starts_at AS threshold, unit, reason
			FROM core.health_explanations_v2 WHERE points > 0`,
	}
)

// riskiest is how many sessions of many are explained.
const riskiest = 10

// health makes the temporary table scoped_health of the sessions in scope, ranked by what they lost, and
// the view health_reasons, which explains the first of them; or both of one session.
func (r *reporter) health(only string) error {
	if r.hasHealth {
		return nil
	}
	where := " WHERE h.session_id IN (SELECT session_key FROM scope)"
	if only != "" {
		where = fmt.Sprintf(" WHERE lower(hex(h.session_id)) = %s", store.Quote(only))
	}
	err := r.conn.Exec(r.e.ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE scoped_health AS
		SELECT lower(hex(h.session_id)) AS session_id, h.session_id AS session_key, h.* EXCLUDE (session_id), m.cost_usd, m.tool_failed_count,
			CASE WHEN h.score < 100 THEN row_number() OVER (ORDER BY h.score NULLS LAST, m.cost_usd DESC NULLS LAST, h.session_id) END AS rank
		FROM (%s) AS h LEFT JOIN core.session_metrics_v1 AS m USING (session_id)%s`, healthSQL[r.o.health], where))
	if err != nil {
		return err
	}
	// The engine carries constants down to the stored rows, but not the rows of a join.
	ids, err := column(r.e, r.conn, fmt.Sprintf("SELECT session_key::VARCHAR FROM scoped_health WHERE rank <= %d", riskiest))
	if err != nil {
		return err
	}
	err = r.conn.Exec(r.e.ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP VIEW health_reasons AS
		SELECT lower(hex(session_id)) AS session_id, * EXCLUDE (session_id) FROM (%s) WHERE session_id IN (%s)`,
		reasonSQL[r.o.health], strings.Join(append(ids, "0"), ", ")))
	r.hasHealth = err == nil
	return err
}

// healthView names the score that is used.
func (r *reporter) healthView() string { return fmt.Sprintf("session_health_%s", r.o.health) }
