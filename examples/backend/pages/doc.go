// Package pages are the shop for people who look at it: figures, a customer, an audience,
// the experiments, what to order. They are rendered on the server, and work without a
// script; the one there is counts an audience while somebody types.
//
// Who has a token signs in with it. The cookie names a session in the memory of the
// service, no token; it is HttpOnly and SameSite=Strict, every form carries a word that
// only pages of the session know, and the content security policy allows no inline script or
// style. Ids of customers are posted, so that no address holds one, and each look at a customer is
// in the trail.
package pages
