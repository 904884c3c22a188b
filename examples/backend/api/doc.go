// Package api is the shop over HTTP: JSON in, JSON out, a token for each caller.
//
// Every route stands once, in routes.go, with its role, its input and its output. The mux,
// the checks of the input and the OpenAPI document are made from that, so that none of
// them knows a route or a bound that the others do not.
//
// Ids of customers come in bodies, never in URLs, so that no log of a proxy has them.
// An answer that is no success is {"error": {"reason", "message", "field"}}; reasons are
// for programs and do not change.
package api
