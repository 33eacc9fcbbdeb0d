
// Time lanes.
