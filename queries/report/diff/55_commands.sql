-- title: Commands
-- kind: table
-- show: 30
-- label: command_class = class
-- optional: failed_a, failed_b
-- json only: is_effect, class_in_a, class_in_b
SELECT command_class, program, presence, runs_a, runs_b, failed_a, failed_b, is_effect, class_in_a, class_in_b
FROM diff_commands_v1($a, $b)
ORDER BY list_position(['only_a', 'only_b', 'both'], presence), is_effect DESC, command_class, program
