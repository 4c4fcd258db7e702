using CardIssue.Core.Primitives;
using CardIssue.Reader.Serial.T1;

namespace CardIssue.Reader.Serial.Card;

/// <summary>The voltages that a card can be run at (ISO 7816-3 5.1.3): class A 5 V, B 3 V, C 1.8 V.</summary>
[Flags]
internal enum CardClasses
{
    None = 0,
    A = 1,
    B = 2,
    C = 4,
}

/// <summary>An answer to reset (ISO 7816-3 8.2), taken apart.</summary>
internal sealed record Atr
{
    /// <summary>Fi = 372, Di = 1.</summary>
    public const byte DefaultSpeed = 0x11;

    /// <summary>All of it, 2 to 33 bytes.</summary>
    public required ByteString Bytes { get; init; }

    /// <summary>How many bytes came after its end, where a right TCK shows the end; they are none of it.</summary>
    public int Ignored { get; init; }

    /// <summary>TS is 3F: inverse convention.</summary>
    public bool IsInverse { get; init; }

    /// <summary>TA1: Fi in the high half byte, Di in the low one; null when absent, which means <see cref="DefaultSpeed"/>.</summary>
    public byte? Ta1 { get; init; }

    /// <summary>TA2: the card is in specific mode and takes no PPS; null when it is in negotiable mode.</summary>
    public byte? Ta2 { get; init; }

    /// <summary>TC1: extra guard time N.</summary>
    public byte GuardTime { get; init; }

    /// <summary>TC2: waiting time integer of T=0.</summary>
    public byte WaitingInteger { get; init; } = 10;

    /// <summary>What T=1 would be run with.</summary>
    public T1Parameters T1 { get; init; } = new();

    /// <summary>XI, as TA after T=15 has it in b8 b7: which state of the clock the card prefers when it is stopped.</summary>
    public byte ClockStop { get; init; }

    /// <summary>The voltages that the card names; none when it names none.</summary>
    public CardClasses Classes { get; init; }

    /// <summary>The protocols offered, in order and each once, without T=15; T=0 alone when none is named.</summary>
    public required ValueList<int> Protocols { get; init; }

    /// <summary>The historical bytes, 0 to 15.</summary>
    public ByteString Historical { get; init; }

    /// <summary>The protocol that is used when none is agreed on: TA2's in specific mode, the first one offered otherwise (ISO 7816-3 8.2.3).</summary>
    public int DefaultProtocol => Ta2 is { } ta2 ? ta2 & 0x0F : Protocols[0];

    /// <summary>Specific mode with parameters that are not in the answer to reset (TA2 b5): no reader can follow without knowing the card.</summary>
    public bool HasImplicitParameters => Ta2 is { } ta2 && (ta2 & 0x10) != 0;
}
