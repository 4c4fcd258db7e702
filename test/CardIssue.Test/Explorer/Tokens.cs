using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Explorer;

/// <summary>The cards of the explored world.</summary>
internal enum Card : byte
{
    /// <summary>A good card; the one that the operator means.</summary>
    A = 1,
    /// <summary>Another good card.</summary>
    B = 2,
    /// <summary>A foreign card: its cryptogram is not that of the access key.</summary>
    X = 3,
}

/// <summary>What the world's cryptography knows of a command: who wrapped it, for which opening, at which counter.</summary>
/// <param name="Number">
/// With <see cref="ScriptKind.Assign"/>, and an authentication that it leaves with: the number to give to the card.
/// </param>
internal readonly record struct CommandToken(ScriptKind Kind, int Record, int Index, int Count, long Fence, int Opening, int Counter,
    bool Sealed, byte Number = 0)
{
    /// <summary>Whether it is expected to be answered by a card without a number alone: the number follows.</summary>
    public bool AsksForNone => Kind is ScriptKind.Authenticate && Index == 1 && Number != 0;

    public ByteString Encode() => ByteString.Own(
        [(byte)Kind, (byte)Record, (byte)Index, (byte)Count, (byte)Fence, (byte)Opening, (byte)Counter, Sealed ? (byte)1 : (byte)0,
            Number]);

    public static CommandToken Decode(ByteString b) => new((ScriptKind)b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7] == 1, b[8]);
}

/// <summary>How a card answers.</summary>
internal enum Answer : byte
{
    /// <summary>Success, under the card's MAC where there is a channel.</summary>
    Success,
    /// <summary>An error status word: it carries no MAC.</summary>
    Error,
    /// <summary>A warning under the card's MAC: the command was refused, and the card says so itself.</summary>
    Refused,
}

/// <summary>What a look at a record finds.</summary>
internal enum Found : byte
{
    Nothing,
    All,
    Part,
}

/// <summary>What the world's cryptography knows of a response.</summary>
/// <param name="Told">The identity that the card tells of itself; in worlds where the center gives numbers, its number, 0 for none.</param>
internal readonly record struct ResponseToken(Answer Answer, Card Card, long Fence, int Opening, Found Found, byte Told)
{
    public ByteString Encode() => ByteString.Own([(byte)Answer, (byte)Card, (byte)Fence, (byte)Opening, (byte)Found, Told]);

    public static ResponseToken Decode(ByteString b) => new((Answer)b[0], (Card)b[1], b[2], b[3], (Found)b[4], b[5]);
}
