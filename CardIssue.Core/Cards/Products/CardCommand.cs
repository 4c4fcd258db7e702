using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>A command of a script, before secure messaging.</summary>
/// <param name="Apdu">The command.</param>
/// <param name="Expected">The status words on which the terminal goes on; empty means 9000 alone,
/// 0000 among them every one.</param>
internal readonly record struct CardCommand(CommandApdu Apdu, ValueList<ushort> Expected = default);

/// <summary>A command and what its response was worth.</summary>
/// <param name="Command">The command.</param>
/// <param name="Response">The response, unwrapped.</param>
internal readonly record struct CommandOutcome(CardCommand Command, UnwrapResult Response);
