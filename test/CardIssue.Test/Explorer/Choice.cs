using System.Globalization;

namespace CardIssue.Test.Explorer;

/// <summary>What may happen next in the world.</summary>
internal enum Happening
{
    CenterReceives,
    ZombieReceives,
    TerminalReceives,
    CenterProceeds,
    ZombieProceeds,
    TerminalProceeds,
    ReaderReports,
    CenterNoticesCut,
    ZombieNoticesCut,
    TerminalNoticesCut,
    LineComesUp,
    CenterTimer,
    ZombieTimer,
    TerminalTimer,
    OperatorOrders,
    OperatorCancels,
    CenterStops,
    InsertA,
    InsertB,
    InsertX,
    TakeOut,
    /// <summary>A copy of store and log is taken, once.</summary>
    CopyTaken,
    /// <summary>The order is imported, where it is not there.</summary>
    OrderImported,
    /// <summary>People found out how the order stands, and say so: its quarantine ends.</summary>
    OrderSettled,
    /// <summary>A reader is plugged in again: the one that was pulled, or another one.</summary>
    ReaderReturns,
    // From here on, each costs a fault.
    LineCut,
    LostToCenter,
    LostToTerminal,
    DoubledToCenter,
    DoubledToTerminal,
    CardPulled,
    CardSwapped,
    CardLosesPower,
    StoreRestored,
    SpuriousCenterTimer,
    SpuriousTerminalTimer,
    InjectToCenter,
    InjectToTerminal,
    /// <summary>The center dies, and comes back with the copy.</summary>
    CopyPutBack,
    /// <summary>The host of the session that has the order is taken for dead by another one, and lives.</summary>
    HostTakenForDead,
    ReaderPulled,
    /// <summary>Pulled, and it is another one that will come.</summary>
    ReaderExchanged,
}

/// <summary>What goes wrong while an event is acted on.</summary>
internal enum Mishap
{
    None,
    /// <summary>The side crashes after so many of the step's effects.</summary>
    CrashAfter,
    /// <summary>The save that is effect number so-and-so fails: the store is full or away.</summary>
    SaveFails,
    /// <summary>The card is pulled, or swapped, before or after it took the command; or does not answer; or refuses it.</summary>
    PulledBefore,
    PulledAfter,
    SilentBefore,
    SilentAfter,
    CardErrs,
    CardRefuses,
    ModuleRefuses,
    /// <summary>The terminal alters what the card says of itself before its channel is open.</summary>
    Altered,
    /// <summary>The terminal hides all that was answered to a script, and says that the card refused its authentication.</summary>
    Hidden,
}

/// <summary>One external choice: a line of a scenario.</summary>
/// <param name="Index">For <see cref="Mishap.CrashAfter"/> and <see cref="Mishap.SaveFails"/>: the effect; for an injection: the message.</param>
internal readonly record struct Choice(Happening Happening, Mishap Mishap = Mishap.None, int Index = 0)
{
    public bool IsFault => Happening >= Happening.LineCut || Mishap is not Mishap.None;

    public override string ToString() =>
        Mishap is Mishap.None && Index == 0 ? Happening.ToString() : string.Create(CultureInfo.InvariantCulture, $"{Happening} {Mishap} {Index}");

    public static Choice Parse(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var happening = Enum.Parse<Happening>(parts[0]);
        return parts.Length == 1 ? new(happening) : new(happening, Enum.Parse<Mishap>(parts[1]), int.Parse(parts[2], CultureInfo.InvariantCulture));
    }
}
