namespace CardIssue.Core.Primitives;

/// <summary>
/// What all exceptions of these libraries have in common: something outside of the program failed or is not as it must be (a line, a card, a
/// file, a vault, a backup), and the message says what, and what to do; it holds no secret and no customer's data. Wrong use of a type is
/// an <see cref="ArgumentException"/> or <see cref="InvalidOperationException"/> as everywhere, and a cancelled call an
/// <see cref="OperationCanceledException"/>.
/// </summary>
public abstract class CardIssueException : IOException
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="inner">What it came of, or null.</param>
    protected CardIssueException(string message, Exception? inner) : base(message, inner) { }
}
