// Package identity finds out which identifiers are one person.
//
// It is for whoever joins the logs of several channels and devices. Most programs need
// three names: a [Graph] that collects [Evidence], and the [GraphResult] that says of
// whom an [ID] is.
//
//	var g identity.Graph
//	for _, s := range sessions {
//		err := g.Add(identity.Evidence{
//			A: identity.ID{Kind: "login", Value: s.Login}, B: identity.ID{Kind: "cookie", Value: s.Cookie},
//			Source: "web", At: s.At,
//		})
//		if err != nil {
//			return err
//		}
//	}
//	r, err := g.Result(ctx)
//	if err != nil {
//		return err
//	}
//	who, err := r.Resolve(identity.ID{Kind: "cookie", Value: "c7"}, at)
//
// # Which one when
//
//   - Identifiers that were seen together: [Graph], with [Options] for kinds of your own.
//   - Of whom an identifier is, at that time: [GraphResult.Resolve]; what a person has:
//     [GraphResult.IDs]; why two are one: [GraphResult.Why].
//   - One piece of evidence was wrong: [Graph.Undo]. A shard was merged by mistake:
//     [Graph.Unmerge]. A customer asks to be deleted: [Graph.Forget].
//   - Robots: [Traffic], before their evidence is added.
//
// # How persons are found
//
// Kinds are of persons (login, customer, loyalty) or are used by them (cookie, device,
// phone, …). What a person uses is cut into epochs where it went quiet for
// [Rule].Gap and came back with other persons only: it was recycled. Within an epoch it
// is of the one person who makes up [Options].Dominant of its days; else it is
// shared and joins nobody (the two-logins rule). Evidence that names two persons of one
// kind joins them. The rest joins from the surest down and never brings two of one kind
// together: accounts that were merged want evidence of their cards too.
//
// # Guarantees
//
//   - The result depends on the set of evidence alone: not on its order, nor on how it was
//     split before Merge. Undo, Unmerge and Forget leave exactly the bytes of a state that
//     never saw what they remove.
//   - A GraphResult is immutable and safe for concurrent use; Graph and Traffic are not.
//
// # References
//
// Fellegi, Sunter (1969), A theory for record linkage. Kruskal (1956), On the shortest
// spanning subtree of a graph. Tan, Kumar (2002), Discovery of web robot sessions based on
// their navigational patterns. Doran, Gokhale (2011), Web robot detection techniques.
package identity
