using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>What may happen next in a state, and what comes of it.</summary>
internal sealed class Choices(WorldOptions options, Play play)
{
    /// <summary>Calls <paramref name="found"/> with every choice, what comes of it, and the property that it breaks. True from it ends the search.</summary>
    public void ForEach(World w, Func<Choice, World, string?, bool> found)
    {
        foreach (var happening in Possible(w))
        {
            var most = happening is Happening.InjectToCenter ? Injections.CenterCount
                : happening is Happening.InjectToTerminal ? Injections.TerminalCount : 1;
            for (var index = 0; index < most; index++)
            {
                var choice = new Choice(happening, Mishap.None, index);
                var next = play.Take(w, choice);
                var (effects, fragile, opening, reported) = (play.Effects, play.Fragile, play.Opening, play.Reported);
                if (found(choice, next, play.Violation)) return;
                if (choice.IsFault || w.Budget.Faults == 0) continue;
                if (Mishaps(w, happening, effects, fragile, opening, reported, found)) return;
            }
        }
    }

    private bool Mishaps(
        World w, Happening happening, int effects, int fragile, bool opening, bool reported, Func<Choice, World, string?, bool> found)
    {
        bool Try(Mishap mishap, int index)
        {
            var choice = new Choice(happening, mishap, index);
            var next = play.Take(w, choice);
            return found(choice, next, play.Violation);
        }

        var center = OfCenter(happening);
        if (!center && !OfTerminal(happening)) return false;
        if (Has(center ? Faults.CrashCenter : Faults.CrashTerminal))
            for (var i = 0; i <= effects; i++)
                if (Try(Mishap.CrashAfter, i)) return true;
        if (Has(Faults.Hide) && reported && Try(Mishap.Hidden, 0)) return true;
        if (fragile == 0) return false;
        if (center)
        {
            for (var i = 0; Has(Faults.SaveFails) && i < effects; i++)
                if ((fragile >> i & 1) == 1 && Try(Mishap.SaveFails, i)) return true;
            return false;
        }
        for (var mishap = Mishap.PulledBefore; Has(Faults.Card) && mishap <= Mishap.CardRefuses; mishap++)
            if (Try(mishap, 0)) return true;
        if (Has(Faults.Swap) && Try(Mishap.PulledAfter, 0)) return true;
        if (Has(Faults.Alter) && opening && Try(Mishap.Altered, 0)) return true;
        return Has(Faults.Module) && Try(Mishap.ModuleRefuses, 0);
    }

    private static bool OfCenter(Happening h) => h is Happening.CenterReceives or Happening.ZombieReceives or Happening.CenterProceeds
        or Happening.ZombieProceeds or Happening.CenterNoticesCut or Happening.ZombieNoticesCut or Happening.CenterTimer or Happening.ZombieTimer
        or Happening.CenterStops;

    private static bool OfTerminal(Happening h) => h is Happening.TerminalReceives or Happening.TerminalProceeds or Happening.ReaderReports
        or Happening.TerminalNoticesCut or Happening.TerminalTimer or Happening.OperatorOrders or Happening.OperatorCancels;

    /// <summary>Everything possible in a state, mishaps not counted.</summary>
    public IEnumerable<Happening> Possible(World w)
    {
        for (var h = Happening.CenterReceives; h < Happening.LineCut; h++)
            if (Free(w, h)) yield return h;
        if (w.Budget.Faults == 0) yield break;
        for (var h = Happening.LineCut; h <= Happening.ReaderExchanged; h++)
            if (Fault(w, h)) yield return h;
    }

    private bool Free(World w, Happening h)
    {
        var (center, zombie, terminal) = (w.Center, w.Zombie, w.Terminal);
        var phase = terminal.State.Phase;
        var readerFree = w.Cards is { InReader: null, Reports.Count: 0, IsAway: false };
        return h switch
        {
            Happening.CenterReceives => center is { Failure: null, Inbox.Count: > 0 },
            Happening.ZombieReceives => zombie is { Failure: null, Inbox.Count: > 0 },
            Happening.TerminalReceives => terminal.Inbox.Count > 0,
            Happening.CenterProceeds => center is { Failure: not null } or { Pending.Count: > 0 },
            Happening.ZombieProceeds => zombie is { Failure: not null } or { Pending.Count: > 0 },
            Happening.TerminalProceeds => terminal.Pending.Count > 0,
            Happening.ReaderReports => w.Cards.Reports.Count > 0,
            Happening.CenterNoticesCut => center is { LineDead: true, Failure: null, State.Phase: not CenterPhase.Ended },
            Happening.ZombieNoticesCut => zombie is { Failure: null, State.Phase: not CenterPhase.Ended },
            Happening.TerminalNoticesCut => terminal is { LineDead: true, State.Phase: not TerminalPhase.Offline },
            Happening.LineComesUp => CanComeUp(w),
            Happening.CenterTimer => center is { Timer: true, State.Phase: not CenterPhase.Ended } && Quiet(w),
            Happening.ZombieTimer => zombie is { Timer: true, Failure: null, Inbox.Count: 0, Pending.Count: 0, State.Phase: not CenterPhase.Ended },
            Happening.TerminalTimer => terminal.Timer && Quiet(w),
            Happening.OperatorOrders => phase is TerminalPhase.Idle && w.Budget.Orders > 0,
            Happening.OperatorCancels => w.Budget.Cancels > 0,
            Happening.CenterStops => w.Budget.Stops > 0 && center is { Failure: null },
            Happening.InsertA => readerFree && (phase is TerminalPhase.AwaitingCard || w.Budget.Early > 0),
            Happening.InsertB => readerFree && phase is TerminalPhase.AwaitingCard && w.Budget.Others > 0,
            Happening.InsertX =>
                readerFree && phase is TerminalPhase.AwaitingCard && w.Budget.Others > 0 && options.Identities is Identities.Unique,
            Happening.TakeOut => w.Cards is { InReader: not null, Reports.Count: 0 }
                && phase is TerminalPhase.Removing or TerminalPhase.Swapping or TerminalPhase.Idle && w.Cards.InReader is not null,
            Happening.CopyTaken => options.MayBePutBack && w.Store is { Backup: null, History.Branch: 0 },
            Happening.OrderImported => w.Store.State is OrderState.Absent,
            Happening.ReaderReturns => w.Cards.IsAway,
            Happening.OrderSettled => w.Store is { State: OrderState.Quarantined, History.Lost: not null },
            _ => throw new InvalidOperationException($"{h} is a fault"),
        };
    }

    private bool Fault(World w, Happening h)
    {
        var (center, terminal) = (w.Center, w.Terminal);
        var lineUp = center is { LineDead: false } && !terminal.LineDead;
        var phase = terminal.State.Phase;
        return h switch
        {
            Happening.LineCut => Has(Faults.Cut) && lineUp,
            Happening.LostToCenter => Has(Faults.Lose) && lineUp && center!.Inbox.Count > 0,
            Happening.LostToTerminal => Has(Faults.Lose) && lineUp && terminal.Inbox.Count > 0,
            Happening.DoubledToCenter => Has(Faults.Double) && lineUp && center!.Inbox.Count > 0,
            Happening.DoubledToTerminal => Has(Faults.Double) && lineUp && terminal.Inbox.Count > 0,
            Happening.CardPulled or Happening.CardSwapped =>
                Has(Faults.Card | Faults.Swap) && w.Cards is { InReader: not null, Reports.Count: 0 }
                && phase is not (TerminalPhase.Removing or TerminalPhase.Swapping or TerminalPhase.Idle),
            Happening.CardLosesPower => Has(Faults.Card) && w.Cards.InReader is { } card && w.Cards[card].Channel is not null,
            Happening.StoreRestored => Has(Faults.Restore) && w.Store.Backup is not null,
            Happening.SpuriousCenterTimer => Has(Faults.SpuriousTimer) && center is { Timer: true, Failure: null, State.Phase: not CenterPhase.Ended },
            Happening.SpuriousTerminalTimer => Has(Faults.SpuriousTimer) && terminal.Timer,
            Happening.InjectToCenter => Has(Faults.Inject) && center is { LineDead: false, Failure: null },
            Happening.InjectToTerminal => Has(Faults.Inject),
            Happening.CopyPutBack => Has(Faults.PutBack) && w.Store.Backup is not null,
            Happening.HostTakenForDead => Has(Faults.HostLost) && w.HolderLives && !w.Store.HolderLost,
            Happening.ReaderPulled or Happening.ReaderExchanged => Has(Faults.Reader) && w.Cards.Reader is ReaderAt.Own,
            _ => throw new InvalidOperationException($"{h} is no fault"),
        };
    }

    private bool CanComeUp(World w) => w.Terminal.State.Phase is TerminalPhase.Offline
        && (w.Center is null || (w.Center.LineDead && w.Center.Failure is null && options.Zombies && w.Zombie is null));

    /// <summary>Whether nothing is under way: only then do timers run out of themselves.</summary>
    public bool Quiet(World w) =>
        w.Zombie is null && w.Center is null or { Failure: null, Pending.Count: 0, Inbox.Count: 0, LineDead: false }
        && w.Zombie is null && w.Terminal is { Pending.Count: 0, Inbox.Count: 0 } && w.Cards.Reports.Count == 0
        && (!w.Terminal.LineDead || w.Terminal.State.Phase is TerminalPhase.Offline) && !CanComeUp(w);

    /// <summary>Whether all is at rest: access granted, nothing under way, no card in, the order over or nobody left who would ask for it.</summary>
    public bool AtRest(World w) =>
        w.Terminal.State.Phase is TerminalPhase.Idle && w.Center is { State.Phase: CenterPhase.Idle } && w.Cards.InReader is null
        && (w.Store.Over || w.Budget.Orders == 0) && Quiet(w);

    private bool Has(Faults fault) => (options.Faults & fault) != 0;
}
