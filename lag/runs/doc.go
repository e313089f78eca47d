// Package runs keeps house in the directories that studies, stackings and
// trainings are written to: [Find] lists them, with what they take on the disk, and
// [PlanCleaning] says what a complete one no longer needs.
//
// It reads files alone: no backend is opened, and nothing is trained.
package runs
