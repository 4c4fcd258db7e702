using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>Makes verifiers of issue codes that are good enough.</summary>
internal static class IssueCodeVerifiers
{
    /// <summary>Makes what the store keeps instead of an issue code (<see cref="IKeyVault.CreateIssueCodeVerifier"/>), after a look at the code.</summary>
    /// <param name="vault">The vault.</param>
    /// <param name="order">The order that the code is of.</param>
    /// <param name="code">The code, ASCII.</param>
    /// <param name="rule">What it must be: <see cref="Orders.OrderOptions.GetIssueCodeRule"/>.</param>
    /// <exception cref="FormatException">The code breaks the rule; the message says how, and never quotes it.</exception>
    public static ByteString CreateIssueCodeVerifier(this IKeyVault vault, OrderId order, ReadOnlySpan<byte> code, IssueCodeRule rule)
    {
        ArgumentNullException.ThrowIfNull(vault);
        ArgumentNullException.ThrowIfNull(rule);
        return rule.Fault(code) is { } fault ? throw new FormatException($"Order {order}: {fault}") : vault.CreateIssueCodeVerifier(order, code);
    }
}
