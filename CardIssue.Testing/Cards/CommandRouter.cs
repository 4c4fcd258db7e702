using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Application;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.Domain;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>From class byte to command: checks class and secure messaging, hands the command to what is selected, protects the reply.</summary>
internal static class CommandRouter
{
    private const byte Select = 0xA4, ManageChannel = 0x70, InitializeUpdate = 0x50, ExternalAuthenticate = 0x82, GetData = 0xCA, GetDataOdd = 0xCB;

    public static Reply Execute(CardMemory card, Command command)
    {
        if (ClassFault(command.Cla) is { } fault) return fault;
        if (card.State.LifeCycle == CardLifeCycle.Terminated && command.Ins is not (GetData or GetDataOdd)) return Sw.NotSupported;
        if (Gather(card, ref command) is { } soFar) return soFar;
        if (command is { Cla: 0x00, Ins: Select }) return Selection.Execute(card, command);
        if (command is { Cla: 0x00, Ins: ManageChannel }) return Sw.ChannelNotSupported;
        if ((command.Cla & 0x80) != 0 && command.Ins == ExternalAuthenticate) return Handshake.ExternalAuthenticate(card, command);
        if (command is { Cla: 0x80, Ins: InitializeUpdate }) return Handshake.InitializeUpdate(card, command);
        return command.IsSecured || card.Volatile.Channel?.Covers(command) == true ? ExecuteSecured(card, command) : ExecutePlain(card, command);
    }

    /// <summary>
    /// Makes one command of a chain's segments; an answer as long as the last one is not there. What is not for the open channel breaks a chain off.
    /// </summary>
    private static Reply? Gather(CardMemory card, ref Command command)
    {
        if (card.IsDomainSelected && card.Volatile.Channel is { } channel && channel.Requires(SecurityLevel.CommandMac) == command.IsSecured)
            return card.Volatile.Chain.Take(ref command);
        card.Volatile.Chain.Drop();
        return null;
    }

    private static Reply ExecutePlain(CardMemory card, Command command)
    {
        // A GlobalPlatform command without the protection that the session asks for ends the session (GPC Amd D 6.2.5, GPCS 10.2.3).
        if ((command.Cla & 0x80) != 0 && card.Volatile.Channel is { } channel && channel.Requires(SecurityLevel.CommandMac))
        {
            card.EndChannel();
            return Sw.Security;
        }
        return Dispatch(card, command);
    }

    private static Reply ExecuteSecured(CardMemory card, Command command)
    {
        var session = card.Volatile.Channel is not { } open ? Handshake.OpenImplicitly(card, command)
            : open.Covers(command) && open.Unwrap(command) is { } inside ? (open, inside) : null;
        if (session is not { } opened)
        {
            card.EndChannel();
            return Sw.Security;
        }
        return opened.Channel.Protect(Dispatch(card, opened.Plain));
    }

    private static Reply Dispatch(CardMemory card, Command command)
    {
        if (card.State.LifeCycle == CardLifeCycle.CardLocked && command.Ins is not (GetData or GetDataOdd or 0xF2 or 0xF0)) return Sw.Conditions;
        return card.IsDomainSelected ? SecurityDomain.Execute(card, command)
            : card.Volatile.Selected == PivApplication.Aid ? PivApplication.Execute(card, command) : PersonalizedApplication.Execute(card, command);
    }

    private static ushort? ClassFault(byte cla)
    {
        if (cla == 0xFF) return Sw.UnknownCla;
        if ((cla & 0x40) != 0) return Sw.ChannelNotSupported;
        if ((cla & 0x70) is 0x10 && (cla & 0x80) == 0) return Sw.ChainingNotSupported;
        if ((cla & 0x70) != 0) return Sw.UnknownCla;
        if ((cla & 0x03) != 0) return Sw.ChannelNotSupported;
        return (cla & 0x08) != 0 ? Sw.SecureMessagingNotSupported : null;
    }
}
