using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Why a customer's fields do not make a plan. Names fields, never their contents.</summary>
/// <param name="Record">The record's number; one past the last for the closing; 0 when it is about the fields as a whole.</param>
/// <param name="Field">The field, or empty.</param>
/// <param name="Message">What is wrong.</param>
public sealed record PlanError(int Record, string Field, string Message);

/// <summary>A plan, or why there is none.</summary>
/// <param name="Plan">The plan; null when there are errors.</param>
/// <param name="Errors">All errors.</param>
/// <param name="Account">The card number and sequence number that the card would have; null when it is of no account.</param>
public sealed record PlanResult(CardPlan? Plan, ValueList<PlanError> Errors, CardAccount? Account = null);
