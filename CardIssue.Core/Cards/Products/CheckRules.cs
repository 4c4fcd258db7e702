using CardIssue.Core.Cards.SecureChannel;

namespace CardIssue.Core.Cards.Products;

/// <summary>Which checks make sense: one that can never be met, or always is, would leave every card waiting or write it twice.</summary>
internal static class CheckRules
{
    /// <summary>What is wrong with the checks of a proof or a look.</summary>
    public static IEnumerable<string> Check(CardProduct product, ValueList<CheckDefinition> checks)
    {
        foreach (var check in checks)
        {
            if (check.Done == check.NotDone) yield return "done and notDone are the same, so the check tells nothing";
            // A part of the registry that is not there is answered by 6A88, which carries no MAC: a missing entry can't be told from a lie.
            if (check.Read is CheckCommand.LifeCycle && Expectations(check).Any(e => e is not Expectation.State)) yield return "of a lifeCycle a state is expected";
            if (check.Read is not CheckCommand.LifeCycle && Expectations(check).Any(e => e is Expectation.State)) yield return "a state is what lifeCycle reads, and nothing else does";
            // Behind a security domain only STORE DATA goes on to the application (GPCS §11.5.2.3.6).
            if (check.Read is CheckCommand.ReadRecord && product.Application is not null)
                yield return "readRecord reads the selected application, and a security domain has no records: select the application itself, or prove it otherwise";
            if (check.Read is not CheckCommand.LifeCycle && !product.SecurityLevel.HasREnc() && !product.ExposedToTerminal)
                yield return "what is read passes the terminal readable at this security level; use 33, or say exposedToTerminal: true";
        }
    }

    private static IEnumerable<Expectation> Expectations(CheckDefinition check) => check.NotDone is null ? [check.Done] : [check.Done, check.NotDone];
}
